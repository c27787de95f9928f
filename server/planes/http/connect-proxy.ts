import { createServer, type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { type AddressInfo, connect, isIPv6, type Socket } from 'node:net'
import { type Log, silentLog } from '#base/log.ts'

/**
 * The CONNECT proxy: with `HTTPS_PROXY` pointing here, the production names and port 443 work on a laptop with no DNS,
 * no hosts file and no admin rights. It carries bytes and reads none of them: TLS runs from client to listener.
 */
export type ConnectProxy = {
  /** Listens on 127.0.0.1 and tells the port; 0 takes a free one. */
  listen(port: number): Promise<number>
  /** Ends every tunnel and stops listening. */
  close(): Promise<void>
  /** How many tunnels are open or opening. */
  readonly tunnels: number
  [Symbol.asyncDispose](): Promise<void>
}

export type ConnectProxyOptions = {
  /** The domain we serve, for the words of a refusal. */
  readonly domain: string
  /** Whether a host is ours; asked in lower case, without a trailing dot. */
  readonly owns: (host: string) => boolean
  /** Where our TLS listener is on 127.0.0.1. */
  readonly port: () => number
  /** Whether other names are carried too, so that everything else in a shell with `HTTPS_PROXY` keeps working. */
  readonly passOn: boolean
  /** Answers requests that aren't CONNECT. */
  readonly handle?: (request: IncomingMessage, response: ServerResponse) => void
  readonly log?: Log
  readonly tunnelsMax?: number
  readonly headerTimeoutMs?: number
  readonly connectTimeoutMs?: number
  readonly halfClosedTimeoutMs?: number
}

type Target = { readonly host: string; readonly port: number }

const loopback = '127.0.0.1'

/** A proxy that doesn't listen yet. */
export function createConnectProxy(options: ConnectProxyOptions): ConnectProxy {
  const { domain, owns, passOn, handle = nothingHere, log = silentLog } = options
  const { tunnelsMax = 1_024, headerTimeoutMs = 10_000 } = options
  const { connectTimeoutMs = 10_000, halfClosedTimeoutMs = 30_000 } = options
  const clients = new Set<Socket>()
  const upstreams = new Set<Socket>()

  const server = createServer(
    {
      headersTimeout: headerTimeoutMs,
      requestTimeout: headerTimeoutMs + 20_000,
      connectionsCheckingInterval: Math.min(headerTimeoutMs, 1_000),
      maxHeaderSize: 8_192,
    },
    handle,
  )

  server.on('connection', (client) => {
    // Listening on loopback should be enough; an open proxy is bad enough to look twice.
    if (!client.remoteAddress?.startsWith('127.')) return client.destroy()
    clients.add(client)
    client.on('close', () => clients.delete(client))
  })

  server.on('connect', (request, stream, head) => {
    const client = stream as Socket
    client.on('error', () => client.destroy())
    const refuse = (status: number, reason: string) => answer(client, status, reason, halfClosedTimeoutMs)

    const target = targetOf(request.url)
    if (target === undefined) return refuse(400, 'CONNECT takes host:port.')
    const own = owns(target.host)
    if (!own && !passOn) {
      return refuse(
        403,
        `Cardea's proxy only carries *.${domain}; ${target.host} must be reached without it (NO_PROXY).`,
      )
    }
    if (upstreams.size >= tunnelsMax) return refuse(503, `Cardea's proxy carries ${tunnelsMax} tunnels already.`)

    const upstream = connect({ ...(own ? { host: loopback, port: options.port() } : target), allowHalfOpen: true })
    upstreams.add(upstream)
    upstream.on('close', () => upstreams.delete(upstream))
    upstream.setTimeout(connectTimeoutMs, () => upstream.destroy(new Error('no answer in time')))

    const failed = (error: NodeJS.ErrnoException) => {
      const reason = error.code ?? error.message
      // Who wanted to go elsewhere is told by the answer; with no way out of here, every program that calls home is one.
      const level = own ? 'warn' : 'debug'
      log[level]({ host: target.host, port: target.port, reason }, 'a tunnel could not be opened')
      refuse(502, `Cardea's proxy can't reach ${target.host}:${target.port}: ${reason}.`)
    }
    upstream.once('error', failed)
    upstream.once('connect', () => {
      if (client.destroyed) return upstream.destroy()
      upstream.off('error', failed)
      upstream.setTimeout(0)
      upstream.removeAllListeners('timeout')
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.write(head)
      carry(client, upstream, halfClosedTimeoutMs)
      carry(upstream, client, halfClosedTimeoutMs)
    })
  })

  const close = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of [...clients, ...upstreams]) socket.destroy()
    await closed
  }

  return {
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, loopback, () => {
          server.off('error', reject)
          resolve((server.address() as AddressInfo).port)
        })
      }),
    close,
    get tunnels() {
      return upstreams.size
    },
    [Symbol.asyncDispose]: close,
  }
}

/** The authority of a CONNECT (RFC 9110, 9.3.6): a name, an IPv4 address or a bracketed IPv6 address, and a port. */
function targetOf(authority = ''): Target | undefined {
  const [, six, name = '', digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(authority) ?? []
  const port = Number(digits)
  if (!(port >= 1 && port <= 65_535)) return undefined
  if (six !== undefined) return isIPv6(six) ? { host: six, port } : undefined
  const host = name.toLowerCase().replace(/\.$/, '')
  return host.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(host) ? { host, port } : undefined
}

/**
 * One direction of a tunnel, with the pace of the slower side. An end is passed on, and what is still under way arrives;
 * anything else that ends a side ends the other. A tunnel may be silent for days, but not one that is half closed.
 */
function carry(from: Socket, to: Socket, halfClosedTimeoutMs: number): void {
  from.setNoDelay(true).setKeepAlive(true, 60_000)
  from.pipe(to)
  from.on('end', () => to.setTimeout(halfClosedTimeoutMs, () => to.destroy()))
  from.on('error', () => to.destroy())
  // `pipe` stops reading a side whose other side has gone; without reading we would never see its end.
  from.on('close', () => (from.readableEnded ? to.resume() : to.destroy()))
}

function answer(client: Socket, status: number, reason: string, timeoutMs: number): void {
  const body = `${reason}\n`
  client.setTimeout(timeoutMs, () => client.destroy())
  client.resume()
  client.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function nothingHere(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
  response.end("This is Cardea's proxy. Set HTTPS_PROXY to it; it answers CONNECT.\n")
}
