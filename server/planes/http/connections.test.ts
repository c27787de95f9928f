import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as dialPlain, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { createLog } from '#base/log.ts'
import { settingsFrom } from '../../settings.ts'
import { type House, openHouse } from '../../testing/house.ts'

const open = (env: Record<string, string> = {}, around: Parameters<typeof openHouse>[0] = {}) =>
  openHouse({ env: { CARDEA_METRICS_PORT: '0', ...env }, ...around })

/** A connection from one of this machine's own addresses; nothing is said on it. */
const plain = ({ cardea: { port } }: House, localAddress = '127.0.0.1'): Socket =>
  dialPlain({ host: '127.0.0.1', port, localAddress }).on('error', () => {})

async function secure(house: House, localAddress?: string): Promise<TLSSocket> {
  const ca = readFileSync(house.cardea.caFile as string)
  const socket = connect({ socket: plain(house, localAddress), servername: house.vaultHost, ca })
  socket.on('error', () => {})
  await once(socket, 'secureConnect', { signal: AbortSignal.timeout(5_000) })
  return socket
}

/** Everything that is heard until the other side ends it, and after how many milliseconds it did. */
async function heardUntilEnd(socket: Socket, withinMs = 5_000): Promise<{ bytes: number; ms: number }> {
  const began = performance.now()
  let bytes = 0
  socket.on('data', (part) => {
    bytes += part.length
  })
  if (!socket.closed) await once(socket, 'close', { signal: AbortSignal.timeout(withinMs) })
  return { bytes, ms: performance.now() - began }
}

async function healthOn(socket: TLSSocket, host: string): Promise<string> {
  socket.write(`GET /.cardea/health HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  const [part] = await once(socket, 'data', { signal: AbortSignal.timeout(5_000) })
  return String(part).slice(0, 15)
}

async function metric({ cardea: { metricsPort } }: House, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 5_000
  while (!(await holds())) {
    assert.ok(Date.now() < end, `still not so: ${holds}`)
    await wait(20)
  }
}

/** The first bytes of a ClientHello that says there are 197 more. */
const halfHello = Buffer.from('16030100c5010000c10303', 'hex')

describe('connections', () => {
  it('beyond what an address may have open are closed at once; the others know nothing of it', async () => {
    const lines: string[] = []
    const log = createLog('warn', { write: (line) => void lines.push(line) })
    const house = await open({ CARDEA_ADDRESS_CONNECTIONS: '4' }, { log })
    try {
      const few = [await secure(house), await secure(house), await secure(house), await secure(house)]
      // Neither who speaks nor who is silent is shown a certificate.
      for (const said of ['', halfHello, 'GET / HTTP/1.1\r\n\r\n']) {
        const late = plain(house)
        late.write(said)
        const { bytes, ms } = await heardUntilEnd(late)
        assert.equal(bytes, 0)
        assert.ok(ms < 1_000, `${ms} ms`)
      }
      await assert.rejects(secure(house))
      for (const socket of few) assert.equal(await healthOn(socket, house.vaultHost), 'HTTP/1.1 200 OK')
      assert.equal(await metric(house, 'cardea_connections_open'), 4)
      assert.equal(await metric(house, 'cardea_connections_turned_away'), 4)

      // One that ends makes room for one.
      few[0]?.end()
      await until(async () => (await metric(house, 'cardea_connections_open')) === 3)
      assert.equal(await healthOn(await secure(house), house.vaultHost), 'HTTP/1.1 200 OK')
      assert.equal((await heardUntilEnd(plain(house))).bytes, 0)
    } finally {
      await house[Symbol.asyncDispose]()
    }
    const told = lines.map((line) => JSON.parse(line)).filter(({ closed }) => closed !== undefined)
    assert.equal(told.length, 1)
    assert.deepEqual([told[0].closed, told[0].from, told[0].each], [5, { '127.0.0.1': 5 }, 4])
  })

  const linux = process.platform === 'linux'
  it('are counted for each address', { skip: !linux && 'loopback has one address here' }, async () => {
    await using house = await open({ CARDEA_ADDRESS_CONNECTIONS: '1' })
    const here = await secure(house)
    const there = await secure(house, '127.0.0.2')
    assert.equal((await heardUntilEnd(plain(house, '127.0.0.2'))).bytes, 0)
    for (const socket of [here, there]) assert.equal(await healthOn(socket, house.vaultHost), 'HTTP/1.1 200 OK')
  })

  it('of a network of IPv6 are counted together', async () => {
    let house: House
    try {
      house = await open({ CARDEA_ADDRESS_CONNECTIONS: '1', CARDEA_HOST: '::1' })
    } catch (error) {
      return assert.match(String(error), /EADDRNOTAVAIL|EAFNOSUPPORT/)
    }
    await using _ = house
    const dial = () => dialPlain({ host: '::1', port: house.cardea.port }).on('error', () => {})
    const first = dial()
    await once(first, 'connect')
    await heardUntilEnd(dial())
    assert.equal(first.closed, false)
    first.destroy()
  })

  it('that end are forgotten, however they end', async () => {
    await using house = await open()
    const ways: ((socket: Socket) => void)[] = [
      (socket) => socket.destroy(),
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.end(),
      (socket) => socket.end(halfHello),
      (socket) => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
      (socket) => socket.write(Buffer.alloc(5_000, 0xff)),
    ]
    const ends = ways.map(async (way) => {
      const socket = plain(house)
      await once(socket, 'connect')
      way(socket)
      await heardUntilEnd(socket.resume())
    })
    const secured: ((socket: Socket) => void)[] = [
      (socket) => socket.destroy(),
      (socket) => socket.end(),
      (socket) => socket.write('this is not HTTP\r\n\r\n'),
    ]
    ends.push(
      ...secured.map(async (way) => {
        const socket = await secure(house)
        way(socket)
        await heardUntilEnd(socket.resume())
      }),
    )
    await Promise.all(ends)
    await until(async () => (await metric(house, 'cardea_connections_open')) === 0)
  })

  it('are as many as come where nobody counts', async () => {
    await using house = await open({ CARDEA_ADDRESS_CONNECTIONS: 'off' })
    const many = await Promise.all(Array.from({ length: 50 }, () => secure(house)))
    assert.equal(await metric(house, 'cardea_connections_open'), 50)
    for (const socket of many) socket.destroy()
  })

  it('may be so many as the setting says', () => {
    const each = (text?: string) => settingsFrom({ CARDEA_ADDRESS_CONNECTIONS: text }).connectionsEach
    assert.equal(each(), 2000)
    assert.equal(each('12'), 12)
    assert.equal(each('off'), undefined)
    for (const text of ['0', '-1', '1.5', 'many', '', '1000000'])
      assert.throws(() => each(text), /CARDEA_ADDRESS_CONNECTIONS must be off or a number/, text)
  })

  it('that aren’t secure yet don’t hold up the end', async () => {
    const house = await open()
    const sockets = ['', halfHello].map((said) => {
      const socket = plain(house)
      socket.write(said)
      return socket
    })
    await until(async () => (await metric(house, 'cardea_connections_open')) === 2)
    const ended = Promise.all(sockets.map((socket) => heardUntilEnd(socket)))
    const began = performance.now()
    await house[Symbol.asyncDispose]()
    assert.ok(performance.now() - began < 5_000)
    await ended
  })
})

describe('who takes too long', { concurrency: true, timeout: 60_000 }, () => {
  const request = (host: string) => `PUT /secrets/x?api-version=7.4 HTTP/1.1\r\nHost: ${host}\r\n`
  const cases: {
    name: string
    secured: boolean
    says: (host: string) => string | Buffer
    goesOn?: string
    /** Not sooner: who is slow has a chance. */
    afterMs: number
  }[] = [
    { name: 'with nothing at all', secured: false, says: () => '', afterMs: 7_000 },
    { name: 'with half a handshake', secured: false, says: () => halfHello, afterMs: 7_000 },
    {
      ...{ name: 'with a handshake byte by byte', secured: false, says: () => halfHello, goesOn: '\u0007' },
      afterMs: 7_000,
    },
    { name: 'after a handshake', secured: true, says: () => '', afterMs: 7_000 },
    { name: 'with half a header', secured: true, says: request, afterMs: 7_000 },
    {
      ...{ name: 'with headers byte by byte', secured: true, says: (host) => `${request(host)}X-Long: `, goesOn: 'x' },
      afterMs: 7_000,
    },
    {
      ...{ name: 'with half a body', secured: true, afterMs: 29_000 },
      says: (host) => `GET /.cardea/health HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 90\r\n\r\n{`,
    },
    {
      ...{ name: 'with a body byte by byte', secured: true, goesOn: ' ', afterMs: 29_000 },
      says: (host) => `POST /adfs/oauth2/v2.0/token HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 90\r\n\r\n{`,
    },
  ]
  for (const { name, secured, says, goesOn, afterMs } of cases) {
    it(`${name} is cut off`, async () => {
      await using house = await open()
      const socket = secured ? await secure(house) : plain(house)
      socket.write(says(goesOn === ' ' ? house.loginHost : house.vaultHost))
      const dripping = goesOn && setInterval(() => socket.write(goesOn), 1_000)
      try {
        const { ms } = await heardUntilEnd(socket, 50_000)
        assert.ok(ms > afterMs, `${Math.round(ms)} ms`)
      } finally {
        clearInterval(dripping)
        socket.destroy()
      }
      assert.equal((await house.ask(house.vaultHost, 'GET', '/.cardea/health')).status, 200)
      // Only those of who asked just now.
      await until(async () => (await metric(house, 'cardea_connections_open')) === 1)
    })
  }
})
