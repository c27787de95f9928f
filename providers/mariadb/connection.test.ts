import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { createSecureContext, getCACertificates, setDefaultCACertificates, TLSSocket } from 'node:tls'
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
const greeting = (plugin: string, tls = false): Buffer =>
  Buffer.concat([
    ...[
      Buffer.from([10]),
      Buffer.from('8.0.36\0'),
      Buffer.from([1, 0, 0, 0]),
      scramble.subarray(0, 8),
      Buffer.from([0]),
    ],
    // All that is asked for by clients: long passwords, TLS, the protocol of 4.1, secure connections, plugins.
    ...[Buffer.from([0x01, tls ? 0x8a : 0x82, 45, 2, 0, 0x08, 0x00, 21]), Buffer.alloc(10)],
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

/** A certificate that signs itself for a name or an address. */
function certificateFor(name: string) {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-certificate-'))
  try {
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x', '-days', '1']
    const files = ['-addext', `subjectAltName=${name}`, '-keyout', key, '-out', cert]
    execFileSync('openssl', ['req', '-x509', ...made, ...files], { stdio: 'ignore' })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A MySQL with TLS, which asks for the password in the way that needs no proof. */
async function startSecure(certificate: { key: string; cert: string }) {
  const secureContext = createSecureContext(certificate)
  const heard: Buffer[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(packet(0, greeting('caching_sha2_password', true)))
    socket.once('data', (part: Buffer) => {
      // What comes right behind the wish for TLS is TLS already.
      socket.pause()
      socket.unshift(part.subarray(4 + part.readUIntLE(0, 3)))
      const secure = new TLSSocket(socket, { isServer: true, secureContext })
      secure.on('error', () => {})
      secure.on('data', (part: Buffer) => {
        heard.push(part)
        if (heard.length > 1) return secure.destroy()
        secure.write(packet((part[3] ?? 0) + 1, Buffer.from([1, 4])))
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    learned: () => Buffer.concat(heard).includes(password),
    [Symbol.dispose]: () => server.close(),
  }
}

describe('a connection to MySQL or MariaDB with TLS', () => {
  for (const [host, name, isItsOwn] of [
    ['localhost', 'DNS:localhost', true],
    ['127.0.0.1', 'IP:127.0.0.1', true],
    ['localhost', 'DNS:other.example', false],
    ['127.0.0.1', 'DNS:localhost', false],
  ] as const) {
    it(`says the password ${isItsOwn ? 'to' : 'not to'} ${host}, which shows a trusted certificate for ${name}`, async () => {
      const certificate = certificateFor(name)
      const trusted = getCACertificates('default')
      setDefaultCACertificates([...trusted, certificate.cert])
      try {
        using server = await startSecure(certificate)
        const way = { host, port: server.port, user: 'shop', password, tls: true }
        await assert.rejects(
          connected(way, AbortSignal.timeout(2_000), async () => {}),
          isItsOwn ? /closed|lost|ECONNRESET|hang up/i : /does not match certificate's altnames/,
        )
        assert.equal(server.learned(), isItsOwn)
      } finally {
        setDefaultCACertificates(trusted)
      }
    })
  }
})
