import assert from 'node:assert/strict'
import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { connected } from './connection.ts'

const password = 'correct horse battery staple'
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const scramble = Buffer.from('01234567890123456789')

/** A packet of MySQL's: its length in three bytes, its number, and itself. */
const packet = (number: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(4)
  head.writeUIntLE(body.length, 0, 3)
  head[3] = number
  return Buffer.concat([head, body])
}
const greeting = (plugin: string): Buffer =>
  Buffer.concat([
    ...[
      Buffer.from([10]),
      Buffer.from('8.0.36\0'),
      Buffer.from([1, 0, 0, 0]),
      scramble.subarray(0, 8),
      Buffer.from([0]),
    ],
    // All that is asked for by clients without TLS: long passwords, the protocol of 4.1, secure connections, plugins.
    ...[Buffer.from([0x01, 0x82, 45, 2, 0, 0x08, 0x00, 21]), Buffer.alloc(10)],
    ...[scramble.subarray(8), Buffer.from([0]), Buffer.from(`${plugin}\0`)],
  ])

/** Somebody between who claims to be a MySQL, and asks for the password by every way that there is. */
async function startThief(plugin: string) {
  const heard: Buffer[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(packet(0, greeting('mysql_native_password')))
    let answers = 0
    socket.on('data', (part: Buffer) => {
      heard.push(part)
      answers += 1
      const number = (part[3] ?? 0) + 1
      if (answers === 1)
        socket.write(
          packet(number, Buffer.concat([Buffer.from([0xfe]), Buffer.from(`${plugin}\0`), scramble, Buffer.from([0])])),
        )
      else if (answers === 2 && plugin === 'caching_sha2_password') socket.write(packet(number, Buffer.from([1, 4])))
      else
        socket.write(
          packet(
            number,
            Buffer.concat([Buffer.from([1]), Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))]),
          ),
        )
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    /** What can be made of all that was heard: the password, if anybody said it. */
    learned(): boolean {
      return heard.some((part) => part.includes(password) || opened(part.subarray(4)).includes(password.slice(0, 5)))
    },
    get asked() {
      return heard.length
    },
    [Symbol.dispose]: () => server.close(),
  }
}
function opened(sealed: Buffer): string {
  try {
    const clear = privateDecrypt(
      { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
      sealed,
    )
    return Buffer.from(clear.map((byte, index) => byte ^ (scramble[index % scramble.length] ?? 0))).toString()
  } catch {
    return ''
  }
}

describe('a connection to MySQL or MariaDB without TLS', () => {
  for (const plugin of ['mysql_clear_password', 'sha256_password', 'caching_sha2_password']) {
    it(`tells nobody the password who asks for it by ${plugin}`, async () => {
      using thief = await startThief(plugin)
      const way = { host: '127.0.0.1', port: thief.port, user: 'shop', password, tls: false }
      await assert.rejects(
        connected(way, AbortSignal.timeout(2_000), async () => {}),
        /which is only proven to it/,
      )
      assert.ok(thief.asked > 0)
      assert.equal(thief.learned(), false)
    })
  }
})
