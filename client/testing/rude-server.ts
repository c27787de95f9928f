import { once } from 'node:events'
import * as http from 'node:http'
import * as https from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import * as net from 'node:net'
import type { Duplex } from 'node:stream'
import { selfSigned } from './certificates.ts'

/** What a polite server would answer. `stream` takes the answer over and leaves it open. */
export type Reply = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly stream?: (response: http.ServerResponse) => void
}
export type Seen = {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}
/**
 * How to misbehave: say nothing at all; hang up; send half of the answer; send it late; send something else; or wait for
 * a promise first.
 */
export type Manner =
  | 'silent'
  | 'hang-up'
  | 'halve'
  | { readonly lateMs: number }
  | { readonly until: Promise<unknown> }
  | Reply
type Grudge = { readonly path: RegExp; readonly method: string | undefined; readonly manner: Manner; times: number }

/**
 * A server for many names over real TLS, with a CONNECT proxy that leads all of them to itself, and a list of grudges. It
 * answers as it is told, unless it bears a grudge against a request.
 */
export class RudeServer {
  readonly seen: Seen[] = []
  /** What has gone through the proxy. */
  readonly tunnels: string[] = []
  readonly ca: string
  readonly #answer: (seen: Seen) => Reply | Promise<Reply>
  readonly #server: https.Server
  readonly #proxy: http.Server
  readonly #sockets = new Set<Duplex>()
  #grudges: Grudge[] = []

  constructor(names: readonly string[], answer: (seen: Seen) => Reply | Promise<Reply>) {
    const { key, cert } = selfSigned(names)
    this.ca = cert
    this.#answer = answer
    this.#server = https.createServer({ key, cert }, (request, response) => void this.#serve(request, response))
    this.#proxy = http.createServer((request, response) => void this.#serve(request, response))
    this.#proxy.on('connect', (request: http.IncomingMessage, socket: Duplex) => this.#tunnel(request, socket))
    for (const server of [this.#server, this.#proxy]) server.on('connection', (socket: Socket) => this.#hold(socket))
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    this.#proxy.listen(0, '127.0.0.1')
    await Promise.all([once(this.#server, 'listening'), once(this.#proxy, 'listening')])
    return this
  }

  /** The proxy's address; plain HTTP requests sent to it reach the server too. */
  get proxy(): string {
    return `http://127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Misbehaves at requests whose path and query fit, this many times; later grudges go first. */
  grudge(
    path: RegExp,
    manner: Manner,
    { times = Number.POSITIVE_INFINITY, method }: { times?: number; method?: string } = {},
  ): void {
    this.#grudges.unshift({ path, manner, times, method })
  }

  forgive(): void {
    this.#grudges = []
  }

  /** The requests whose path and query fit. */
  asked(path: RegExp): Seen[] {
    return this.seen.filter((each) => path.test(each.path))
  }

  /** Hangs up on everybody. */
  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#proxy.close()
    this.dropAll()
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method = '', headers, url: path = '' } = request
    const seen: Seen = { method, host: headers.host ?? '', path, headers, body: Buffer.concat(chunks).toString() }
    this.seen.push(seen)
    const grudge = this.#grudges.find(
      (each) => each.times > 0 && each.path.test(path) && (each.method ?? method) === method,
    )
    if (grudge) grudge.times -= 1
    const manner = grudge?.manner
    if (manner === 'silent') return
    if (manner === 'hang-up') return void request.socket.destroy()
    const rude = typeof manner === 'object' && 'status' in manner
    const { status, headers: said, body = '', stream } = rude ? manner : await this.#answer(seen)
    if (typeof manner === 'object' && 'lateMs' in manner)
      await new Promise((resolve) => setTimeout(resolve, manner.lateMs))
    if (typeof manner === 'object' && 'until' in manner) await manner.until
    if (stream) {
      response.writeHead(status, { ...said })
      return stream(response)
    }
    response.writeHead(status, { ...said, 'content-length': Buffer.byteLength(body) })
    if (manner !== 'halve') return void response.end(body)
    response.write(body.slice(0, body.length / 2), () => request.socket.destroy())
  }

  #tunnel(request: http.IncomingMessage, socket: Duplex): void {
    this.tunnels.push(request.url ?? '')
    const through = net.connect(this.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      through.pipe(socket).pipe(through)
    })
    this.#hold(through)
    for (const [one, other] of [
      [socket, through],
      [through, socket],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  }

  #hold(socket: Duplex): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
  }
}
