import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { openHouse } from '../../testing/house.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

const dial = (): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: house.cardea.port,
      servername: house.vaultHost,
      ca: readFileSync(house.cardea.caFile as string),
    })
    socket.once('secureConnect', () => resolve(socket))
    socket.once('error', reject)
  })

const said = async (text: string): Promise<string> => {
  const socket = await dial()
  socket.on('error', () => {})
  socket.write(text)
  let heard = ''
  for await (const part of socket) heard += String(part)
  return heard
}

const alive = async () => assert.equal((await house.ask(house.vaultHost, 'GET', '/.cardea/health')).status, 200)

describe('the listener', () => {
  it('answers what isn’t HTTP with a short refusal, and lives on', async () => {
    for (const text of [
      'hello\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: ${house.vaultHost}\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
      '\u0000'.repeat(1000),
    ]) {
      assert.match(await said(text), /^HTTP\/1\.1 400 /, JSON.stringify(text.slice(0, 60)))
    }
    await alive()
  })

  it('takes no header larger than it should', async () => {
    const heard = await said(`GET / HTTP/1.1\r\nHost: ${house.vaultHost}\r\nX-Large: ${'x'.repeat(40_000)}\r\n\r\n`)
    assert.match(heard, /^HTTP\/1\.1 431 /)
    // A token with many claims is no such thing.
    const wordy = await house.ask(house.vaultHost, 'GET', '/.cardea/health', {
      headers: { 'x-large': 'x'.repeat(24_000) },
    })
    assert.equal(wordy.status, 200)
  })

  it('is not held by half a request and silence', { timeout: 60_000 }, async () => {
    const sockets = await Promise.all(Array.from({ length: 50 }, dial))
    const ended = sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.on('error', () => {})
          socket.on('close', () => resolve())
          socket.resume()
          socket.write(`PUT /secrets/x?api-version=7.4 HTTP/1.1\r\nHost: ${house.vaultHost}\r\nContent-`)
        }),
    )
    await alive()
    await Promise.all(ended)
  })

  it('forgets a request whose client went away in the middle of its body', async () => {
    const token = await house.developerToken()
    const socket = await dial()
    socket.on('error', () => {})
    socket.write(
      `PUT /secrets/half?api-version=7.4 HTTP/1.1\r\nHost: ${house.vaultHost}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"value":"ha`,
    )
    await wait(100)
    socket.destroy()
    await wait(100)
    const heard = await house.ask(house.vaultHost, 'GET', '/secrets/half?api-version=7.4', { token })
    assert.equal(heard.status, 404)
  })

  it('says that it lives and is ready, without a token and on any host', async () => {
    for (const host of [house.vaultHost, house.storeHost, house.loginHost]) {
      assert.deepEqual((await house.ask(host, 'GET', '/.cardea/health')).json, { status: 'alive' })
      assert.deepEqual((await house.ask(host, 'GET', '/.cardea/ready')).json, { status: 'ready' })
    }
  })
})
