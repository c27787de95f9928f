import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import * as tls from 'node:tls'
import { pino } from 'pino'
import { openAuthority } from '#base/authority.ts'
import { type ConnectProxyOptions, createConnectProxy } from './connect-proxy.ts'

const domain = 'cardea.internal'
const demo = `demo.vault.${domain}`

describe('the CONNECT proxy', { timeout: 60_000 }, () => {
  let ca: string
  let listener: tls.Server
  const secured = new Set<Socket>()

  before(async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'cardea-proxy-'))
    const authority = await openAuthority(folder.path, domain, new Date())
    ca = authority.ca
    listener = tls.createServer(await authority.serverCertificate(new Date()), (socket) => {
      secured.add(socket)
      socket.on('error', () => {}).on('close', () => secured.delete(socket))
      socket.pipe(socket)
    })
    await once(listener.listen(0, '127.0.0.1'), 'listening')
  })
  after(() => listener.close())

  const open = async (options: Partial<ConnectProxyOptions> = {}) => {
    const proxy = createConnectProxy({
      domain,
      owns: (host) => host === domain || host.endsWith(`.${domain}`),
      port: () => portOf(listener),
      passOn: false,
      ...options,
    })
    return { proxy, port: await proxy.listen(0), [Symbol.asyncDispose]: () => proxy.close() }
  }

  const secure = async (socket: Socket) => {
    const stream = tls.connect({ socket, ca, servername: demo })
    await once(stream, 'secureConnect')
    return stream
  }

  it('carries TLS to our listener under the production names, whatever the port and however they are written', async () => {
    await using house = await open()
    for (const authority of [`${demo}:443`, `${demo.toUpperCase()}:8443`, `${demo}.:443`, `${domain}:443`]) {
      const stream = await secure((await tunnel(house.port, authority)).socket)
      assert.equal(await echo(stream, 'hello'), 'hello', authority)
      stream.destroy()
    }
    await until(() => house.proxy.tunnels === 0)
  })

  it('carries two hundred tunnels at once, each its own bytes', async () => {
    await using house = await open()
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const stream = await secure((await tunnel(house.port, `${demo}:443`)).socket)
        const sent = String(i).padStart(4, '0').repeat(25_000)
        assert.equal(await echo(stream, sent), sent)
        return stream
      }),
    )
    assert.equal(house.proxy.tunnels, 200)
    for (const stream of answers) stream.end()
    await until(() => house.proxy.tunnels === 0)
  })

  it('forwards what a client sends in the same breath as its CONNECT', async () => {
    await using echoing = await echoServer()
    await using house = await open({ port: () => portOf(echoing) })
    const { status, socket, rest } = await tunnel(house.port, `${demo}:443`, 'early')
    assert.equal(status, 200)
    assert.equal(rest || String((await once(socket, 'data'))[0]), 'early')
  })

  it('refuses foreign names, and says what it is for', async () => {
    await using house = await open()
    for (const host of ['example.com', `evil${domain}`, `${domain}.example.com`, '127.0.0.1', '[::1]']) {
      const { status, rest } = await tunnel(house.port, `${host}:443`)
      assert.equal(status, 403, host)
      assert.match(rest, /Cardea's proxy only carries \*\.cardea\.internal; .* without it \(NO_PROXY\)/)
    }
    assert.equal(house.proxy.tunnels, 0)
  })

  it('passes foreign names on when told to, and never to our listener', async () => {
    await using echoing = await echoServer()
    await using house = await open({ passOn: true })
    const { status, socket } = await tunnel(house.port, `localhost:${portOf(echoing)}`)
    assert.equal(status, 200)
    assert.equal(await echo(socket, 'plain'), 'plain')
  })

  it('says why it can’t reach a host', async () => {
    const gone = await echoServer()
    const port = portOf(gone)
    await gone[Symbol.asyncDispose]()
    await using house = await open({ passOn: true, port: () => port })
    for (const authority of [`127.0.0.1:${port}`, `${demo}:443`]) {
      const { status, rest } = await tunnel(house.port, authority)
      assert.equal(status, 502)
      assert.match(rest, /can't reach .*: ECONNREFUSED/)
    }
    await until(() => house.proxy.tunnels === 0)
  })

  it('logs where a tunnel failed, and nothing that a client said', async () => {
    const lines: string[] = []
    const log = pino({ level: 'trace' }, { write: (line) => lines.push(line) })
    await using house = await open({ log, port: () => 1 })
    const { status } = await tunnel(house.port, `${demo}:443`, 'a whisper', 'Proxy-Authorization: Basic hush')
    assert.equal(status, 502)
    assert.equal(lines.length, 1)
    assert.match(lines[0]!, /"host":"demo\.vault\.cardea\.internal","port":443,"reason":"ECONNREFUSED"/)
    assert.doesNotMatch(lines[0]!, /whisper|hush/)
  })

  it('refuses a CONNECT that names no host and port', async () => {
    await using house = await open({ passOn: true })
    const malformed = [demo, `${demo}:`, `${demo}:0`, `${demo}:65536`, `${demo}:443x`, ':443', '.:443', 'a..b:443']
    for (const authority of [...malformed, `https://${demo}:443`, '[zz]:443', '::1:443', `user@${demo}:443`, '/']) {
      assert.equal((await tunnel(house.port, authority)).status, 400, authority)
    }
  })

  it('cuts off a client that says half a CONNECT, or nothing, and falls silent', async () => {
    await using house = await open({ headerTimeoutMs: 100 })
    for (const said of [`CONNECT ${demo}:443 HTTP/1.1\r\nHost: `, '']) {
      const socket = connect(house.port, '127.0.0.1')
      socket.write(said)
      await once(socket.resume(), 'close', { signal: AbortSignal.timeout(5_000) })
    }
  })

  it('leaves an open tunnel alone, however silent', async () => {
    await using house = await open({ headerTimeoutMs: 50, connectTimeoutMs: 50, halfClosedTimeoutMs: 50 })
    const stream = await secure((await tunnel(house.port, `${demo}:443`)).socket)
    await pause(400)
    assert.equal(await echo(stream, 'still here'), 'still here')
  })

  it('forgets a client that dies in the middle of a stream', async () => {
    await using endless = await serve((socket) => {
      const pour = () => {
        while (socket.writable && socket.write(Buffer.alloc(65_536)));
      }
      socket.on('drain', pour)
      pour()
    })
    await using house = await open({ port: () => portOf(endless) })
    const clients = await Promise.all(Array.from({ length: 20 }, () => tunnel(house.port, `${demo}:443`)))
    assert.equal(house.proxy.tunnels, 20)
    for (const [i, { socket }] of clients.entries()) i % 2 ? socket.destroy() : socket.resetAndDestroy()
    await until(() => house.proxy.tunnels === 0)
    await until(() => endless.sockets.size === 0)
  })

  it('ends the client’s side when ours breaks', async () => {
    await using breaking = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()))
    await using house = await open({ port: () => portOf(breaking) })
    const { socket } = await tunnel(house.port, `${demo}:443`)
    socket.write('x')
    await once(socket.resume(), 'close', { signal: AbortSignal.timeout(5_000) })
    await until(() => house.proxy.tunnels === 0)
  })

  it('delivers an answer that comes after the client has said its last word, whole and at the client’s pace', async () => {
    const answer = Buffer.alloc(20_000_000, 'a')
    await using answering = await serve((socket) => socket.resume().once('end', () => socket.end(answer)))
    await using house = await open({ port: () => portOf(answering) })
    const { socket } = await tunnel(house.port, `${demo}:443`)
    socket.end('question')
    await pause(100)
    let received = 0
    for await (const chunk of socket) received += chunk.length
    assert.equal(received, answer.length)
    await until(() => house.proxy.tunnels === 0)
  })

  it('holds the sender back while the receiver doesn’t read', async () => {
    let sent = 0
    await using eager = await serve((socket) => {
      const pour = () => {
        while (socket.writable && socket.write(Buffer.alloc(65_536))) sent += 65_536
      }
      socket.on('drain', pour)
      pour()
    })
    await using house = await open({ port: () => portOf(eager) })
    await tunnel(house.port, `${demo}:443`)
    await pause(300)
    const soon = sent
    await pause(300)
    assert.equal(sent, soon)
  })

  it('ends a tunnel that is half closed and silent', async () => {
    await using deaf = await serve((socket) => socket.resume())
    await using house = await open({ port: () => portOf(deaf), halfClosedTimeoutMs: 100 })
    const { socket } = await tunnel(house.port, `${demo}:443`)
    socket.end()
    await until(() => house.proxy.tunnels === 0)
  })

  it('carries no more tunnels than it may', async () => {
    await using house = await open({ tunnelsMax: 2 })
    const first = await tunnel(house.port, `${demo}:443`)
    assert.equal((await tunnel(house.port, `${demo}:443`)).status, 200)
    assert.equal((await tunnel(house.port, `${demo}:443`)).status, 503)
    first.socket.destroy()
    await until(() => house.proxy.tunnels === 1)
    assert.equal((await tunnel(house.port, `${demo}:443`)).status, 200)
  })

  it('ends everything when it closes', async () => {
    const { proxy, port } = await open()
    const streams = await Promise.all(
      Array.from({ length: 10 }, async () => secure((await tunnel(port, `${demo}:443`)).socket)),
    )
    const waiting = connect(port, '127.0.0.1').on('error', () => {})
    await once(waiting, 'connect')
    const ended = Promise.all(
      [...streams, waiting].map((stream) => once(stream.on('error', () => {}).resume(), 'close')),
    )
    await proxy.close()
    await ended
    await until(() => proxy.tunnels === 0)
    await until(() => secured.size === 0)
    await assert.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' })
  })

  it('answers ordinary requests with what it was given, or says what it is', async () => {
    await using bare = await open()
    await using house = await open({ handle: (request, response) => response.end(`token for ${request.url}`) })
    const nothing = await fetched(bare.port, '/metadata/identity')
    assert.equal(nothing.status, 404)
    assert.match(nothing.text, /Set HTTPS_PROXY/)
    assert.deepEqual(await fetched(house.port, '/metadata/identity'), {
      status: 200,
      text: 'token for /metadata/identity',
    })
  })

  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  const outside = addresses.find(({ internal, family }) => !internal && family === 'IPv4')?.address

  it('can’t be reached from outside the machine', { skip: outside === undefined && 'no other address' }, async () => {
    await using house = await open()
    await assert.rejects(once(connect(house.port, outside!), 'connect'), { code: 'ECONNREFUSED' })
  })
})

const portOf = (server: Server) => (server.address() as AddressInfo).port

async function serve(each: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    each(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return Object.assign(server, {
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

const echoServer = () => serve((socket) => socket.pipe(socket))

/** Says CONNECT and reads the answer's head; what follows it, or a refusal's text, is the rest. */
async function tunnel(port: number, authority: string, early = '', header = 'Proxy-Connection: keep-alive') {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${header}\r\n\r\n${early}`)
  let heard = ''
  while (!heard.includes('\r\n\r\n')) {
    await once(socket, 'readable', { signal: AbortSignal.timeout(10_000) })
    heard += socket.read() ?? ''
  }
  const status = Number(heard.split(' ')[1])
  if (status !== 200) for await (const chunk of socket) heard += chunk
  return { status, socket, rest: heard.slice(heard.indexOf('\r\n\r\n') + 4) }
}

async function echo(stream: Socket, text: string): Promise<string> {
  let heard = ''
  const done = new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk) => {
      heard += chunk
      if (heard.length >= text.length) resolve()
    })
    stream.on('close', () => reject(new Error(`closed after ${heard.length} of ${text.length}`)))
  })
  stream.write(text)
  await done
  return heard
}

async function fetched(port: number, path: string) {
  const [answer] = (await once(get({ host: '127.0.0.1', port, path, agent: false }), 'response')) as [IncomingMessage]
  return { status: answer.statusCode, text: (await answer.toArray()).join('') }
}

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 10_000
  while (!holds()) {
    assert.ok(Date.now() < end, `still not so: ${holds}`)
    await pause(5)
  }
}
