import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it } from 'node:test'
import { connected } from './connection.ts'

// AuthenticationCleartextPassword and AuthenticationMD5Password (PostgreSQL protocol 3.0, message formats).
const asking = {
  clear: Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]),
  md5: Buffer.from([0x52, 0, 0, 0, 12, 0, 0, 0, 5, 1, 2, 3, 4]),
}

describe('a server that isn’t known for certain', () => {
  for (const [way, question] of Object.entries(asking)) {
    it(`is not told the password when it asks for it (${way})`, async () => {
      const heard: Buffer[] = []
      const impostor = createServer((socket) => {
        socket.on('error', () => {})
        socket.once('data', () => {
          socket.on('data', (part) => heard.push(Buffer.from(part)))
          socket.write(question)
        })
      })
      impostor.listen(0, '127.0.0.1')
      await once(impostor, 'listening')
      const { port } = impostor.address() as AddressInfo
      const login = {
        user: 'app',
        password: 'the-password',
        host: '127.0.0.1',
        port,
        database: 'x',
        sslMode: undefined,
      }
      await assert.rejects(connected(login, new AbortController().signal, async () => {}))
      impostor.close()
      assert.deepEqual(Buffer.concat(heard).toString('latin1').match(/^p/), null)
    })
  }
})
