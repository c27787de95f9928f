import type { IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import type { Duplex } from 'node:stream'
import { pathsOf } from '@cardea/contract/operation'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { Fault, type FaultCode, faultOf } from '#base/fault.ts'
import type { Log } from '#base/log.ts'
import { stranger } from '#core/identity/caller.ts'
import { attest, type Base } from '#core/perform.ts'
import { keysAsSegments } from '../directory/key.ts'
import { type Answer, type Call, type Known, newRequestId, type PlaneWords, type Route, refused } from '../plane.ts'
import type { Connections } from './connections.ts'
import { type Crowd, holdBack } from './crowd.ts'
import type { Hosts, Plane } from './hosts.ts'
import { endWith, onClientError } from './last-word.ts'
import type { Meters } from './meters.ts'

/** A plane as the listener serves it: its words, and its routes. */
export type Served<Subject = unknown> = {
  readonly plane: Plane
  readonly words: PlaneWords<Subject>
  readonly routes: readonly Route<Subject>[]
  /** The largest body that it takes, in bytes. */
  readonly bodyBytesMax: number
}

/** Something that needs no permission and has no subject: discovery, tokens, health. */
export type Bare = {
  readonly plane: Plane | 'any'
  readonly method: 'GET' | 'POST'
  readonly path: string
  answer(call: Call): Promise<Answer>
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls, found before the body is read. */
    known: Known<unknown> | undefined
    call: Call | undefined
  }
}

type Parts = {
  readonly base: Base
  readonly hosts: Hosts
  readonly planes: readonly Served<never>[]
  readonly bare: readonly Bare[]
  readonly meters: Meters
  readonly connections: Connections
  /** How many requests of those who prove nothing are answered. */
  readonly crowd: Crowd
  readonly tls: { readonly key: string; readonly cert: string }
  readonly log: Log
}

/** How long a client may take, in milliseconds, and how much it may say before it comes to the point, in bytes. */
const patience = {
  headersTimeout: 8_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 75_000,
  // How often Node looks for those who took too long.
  connectionsCheckingInterval: 2_000,
  maxHeaderSize: 32 * 1024,
}

/**
 * One TLS listener for all planes: the host decides which answers. Fastify brings sockets, routing and limits; what is
 * said, and when, is the planes'. Half a request ends after seconds, not minutes.
 */
export function createListener(parts: Parts): FastifyInstance {
  const { base, hosts, planes, bare, meters, connections, crowd, tls, log } = parts
  const app = fastify({
    // The types of Fastify tell plain, secure and HTTP/2 servers apart; nothing here depends on which it is. A second host or token
    // isn't dropped: joined, the two are none, and nobody in front of us can have believed the other one.
    ...({ https: { ...tls, minVersion: 'TLSv1.2', joinDuplicateHeaders: true, ...patience } } as object),
    logger: false,
    bodyLimit: 64 * 1024,
    requestTimeout: patience.requestTimeout,
    keepAliveTimeout: patience.keepAliveTimeout,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: {
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      caseSensitive: false,
      maxParamLength: 4096,
      querystringParser: queryOf as never,
      constraints: { plane: byPlane(hosts) },
    },
    clientErrorHandler: onClientError,
    rewriteUrl: ({ url = '/', headers }: { url?: string; headers: { host?: string } }) => {
      const target = url.startsWith('/') ? url : takeHost(url, headers)
      return /\(|%28|^\/beta\//i.test(target) && hosts.placeOf(headers.host).plane === 'directory'
        ? keysAsSegments(target)
        : target
    },
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      void answerOutside(error, request, reply).catch(() => reply.code(500).send()),
  } as object) as unknown as FastifyInstance
  connections.guard(app.server as unknown as Server)
  // Node forgets what was sent behind a wish for another protocol, and what is asked later would be answered as that.
  for (const other of ['connect', 'upgrade'])
    app.server.on(other, ({ socket }: IncomingMessage, stream: Duplex) => {
      // Neither is Node's own to listen to any more: an error that nobody hears would end the process.
      for (const gone of [socket, stream]) gone.on('error', () => socket.destroy())
      endWith(socket, '400 Bad Request')
    })
  app.addHook('preClose', async () => connections.close())
  app.decorateRequest('known', undefined)
  app.decorateRequest('call', undefined)
  // Bodies are bytes here: a signature may cover them, and each plane says in its own words what is wrong with them.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body))

  const servedAs = new Map<Plane, Served<never>>(planes.map((served) => [served.plane, served]))

  async function answerOutside(thrown: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    // Whoever goes away in the middle of a body, or sends what is none, did so: it is no failure of ours.
    const error = thrown === request.raw.errored ? malformed('The body of the request is not whole.', thrown) : thrown
    const { plane } = hosts.placeOf(request.headers.host)
    const served = servedAs.get(plane)
    const call = request.call ?? callOf(request, reply, hosts)
    if (served === undefined) {
      if (plane !== 'elsewhere') await attestOutside(call, error)
      send(reply, outside(error))
      return
    }
    const operation = (request.routeOptions?.config as { operation?: string } | undefined)?.operation ?? 'Unknown'
    if (!(error instanceof Fault) && faultOfFramework(error) === undefined)
      log.error({ error, operation }, 'a request failed')
    const known = request.known as Known<never> | undefined
    // Whoever proved who they are is answered, however many there are who didn't at the same address.
    const waitMs = known === undefined ? holdBack(crowd, call) : 0
    const answer =
      waitMs > 0
        ? served.words.refuse(call, tooMany(waitMs), undefined)
        : await refused(base, served.words, operation, call, known, faultOfFramework(error) ?? error)
    send(reply, answer)
    meters.of(served.plane, operation).count(answer.status, performance.now() - call.began)
  }

  /** What was asked of us where no plane has words of its own; what was asked of a host that isn't ours is nobody's deed. */
  const attestOutside = ({ host, target, circumstances }: Call, error: unknown): Promise<void> => {
    const resource = `${host}${target.split('?', 1)[0]}`.slice(0, 1024)
    const { code } = faultOfFramework(error) ?? faultOf(error)
    return attest(base, { operation: 'Unknown', resource, caller: stranger, circumstances }, code)
  }

  app.setErrorHandler(answerOutside)
  app.setNotFoundHandler(async (request, reply) => {
    const { plane } = hosts.placeOf(request.headers.host)
    const served = servedAs.get(plane)
    const call = callOf(request, reply, hosts)
    request.call = call
    if (served === undefined && !hostName.test(call.host))
      return answerOutside(malformed('A request names one host.'), request, reply)
    // Whether there is such a path is nobody's business who hasn't said who they are.
    try {
      if (served !== undefined) request.known = await served.words.identify(call)
    } catch (error) {
      return answerOutside(error, request, reply)
    }
    return answerOutside(
      new Fault('not-found', `There is no ${call.method} ${call.target.split('?', 1)[0]} here.`, { kind: 'route' }),
      request,
      reply,
    )
  })

  for (const { plane, words, routes, bodyBytesMax } of planes as unknown as readonly Served<unknown>[]) {
    for (const route of routes) {
      const { operation } = route
      const { spend } = words
      const meter = meters.of(plane, operation.id)
      const meet = async (request: FastifyRequest, reply: FastifyReply) => {
        request.call = callOf(request, reply, hosts)
        request.known = await words.identify(request.call)
        const waiting = spend?.(request.known, operation)
        if (waiting !== undefined) await waiting
      }
      // Who calls is known before the body is read. Where none is read, the handler asks, and the hook's cost is saved.
      const bodiless = operation.method === 'GET' || operation.method === 'HEAD'
      const handler = async (request: FastifyRequest, reply: FastifyReply) => {
        if (bodiless) await meet(request, reply)
        const call = withBody(request.call as Call, request.body)
        const known = request.known as Known<unknown>
        await words.prove?.(call, known)
        let answer: Answer
        try {
          answer = await route.answer(base, words, call, known)
        } catch (error) {
          // The deed's own entry tells of this already.
          const fault = faultOf(error)
          if (fault.code === 'internal' || fault.code === 'unavailable')
            log.error({ error, operation: operation.id }, 'an operation failed')
          answer = words.refuse(call, fault, known)
        }
        const going = send(reply, answer)
        meter.count(answer.status, performance.now() - call.began)
        return going
      }
      for (const path of pathsOf(operation)) {
        app.route({
          method: operation.method,
          url: pathOf(path),
          constraints: { plane },
          config: { operation: operation.id, path },
          bodyLimit: operation.bodyBytesMax ?? bodyBytesMax,
          ...(!bodiless && { onRequest: meet }),
          handler,
        })
      }
    }
  }
  for (const { plane, method, path, answer } of bare) {
    // Health is asked by those who watch; it would only dilute what the others see.
    const meter = plane === 'any' ? undefined : meters.of(plane, path)
    app.route({
      method,
      url: path,
      ...(plane !== 'any' && { constraints: { plane } }),
      bodyLimit: 64 * 1024,
      handler: async (request, reply) => {
        const call = withBody(callOf(request, reply, hosts), request.body)
        let said: Answer
        try {
          said = await answer(call)
        } catch (error) {
          log.error({ error, path }, 'a request failed')
          said = outside(error)
        }
        const going = send(reply, said)
        meter?.count(said.status, performance.now() - call.began)
        return going
      },
    })
  }
  return app
}

const tooMany = (waitMs: number): Fault =>
  new Fault('throttled', 'Too many requests without a valid credential come from this address.', {
    retryMs: String(waitMs),
  })

/** The treaty's `/kv/*key` is Fastify's `/kv/*`; what it takes is read from the target as it was sent. */
const pathOf = (path: string): string => path.replace(/\*\w+$/, '*')

const callOf = (request: FastifyRequest, reply: FastifyReply, hosts: Hosts): Call => new Arrived(request, reply, hosts)

/** A class, since an object literal with a getter is a shape of its own each time, which only a full collection frees. */
class Arrived implements Call {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly name: string
  readonly params: Call['params']
  readonly query: Call['query']
  readonly headers: Call['headers']
  readonly body: Buffer | undefined = undefined
  readonly circumstances: Call['circumstances']
  readonly requestId = newRequestId()
  readonly began = performance.now()
  readonly #reply: FastifyReply
  #signal: AbortSignal | undefined

  constructor(request: FastifyRequest, reply: FastifyReply, hosts: Hosts) {
    const { headers, method } = request
    this.method = method
    this.target = request.raw.url ?? '/'
    this.host = headers.host ?? ''
    this.name = hosts.placeOf(this.host).name
    this.params = paramsOf(request, this.target)
    this.query = request.query as Call['query']
    this.headers = headers
    this.circumstances = {
      address: request.socket.remoteAddress ?? '',
      correlation: headerText(headers['x-ms-client-request-id'], 64),
      agent: headerText(headers['user-agent'], 128),
    }
    this.#reply = reply
  }

  /** Made for those who ask: one for every request would cost as much as routing it. */
  get signal(): AbortSignal {
    this.#signal ??= goneSignal(this.#reply)
    return this.#signal
  }
}

/** Aborts when the client goes away before its answer is whole. */
function goneSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort()
  })
  return controller.signal
}

/** A header as the journal may keep it: short, and in characters that can't break a line. */
const headerText = (value: string | string[] | undefined, max: number): string =>
  typeof value === 'string' ? value.slice(0, max).replace(/[^\x20-\x7e]/g, '?') : ''

const withBody = (call: Call, body: unknown): Call => (Buffer.isBuffer(body) ? Object.assign(call, { body }) : call)

function paramsOf(request: FastifyRequest, target: string): Record<string, string | undefined> {
  // Null when the router itself could make nothing of the path.
  const params = request.params as Record<string, string | undefined> | null | undefined
  if (params === undefined || params === null || !('*' in params)) return params ?? {}
  const name = /\*(\w+)$/.exec((request.routeOptions.config as { path?: string }).path ?? '')?.[1] ?? 'rest'
  const rest = /^\/*[^/]*\/(.*)$/.exec(target.split('?', 1)[0] as string)?.[1] ?? ''
  return { [name]: decodeOnce(rest) }
}

/** Undefined for what isn't well-formed: whoever asked is told so once they have said who they are. */
const decodeOnce = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/**
 * Query parameters: names are decoded before they are looked at (JavaScript clients send `api%2Dversion`), and compared
 * without case; a parameter that comes twice is a list.
 */
function queryOf(text: string): Query {
  const known = queries.get(text)
  if (known !== undefined) return known
  const query = parsed(text)
  if (text.length <= 64 && queries.size < 1000) queries.set(text, query)
  return query
}

type Query = Record<string, string | string[]>
/** Most requests ask for an api-version and nothing else. */
const queries = new Map<string, Query>()

function parsed(text: string): Query {
  const query: Query = Object.create(null)
  for (const [given, value] of new URLSearchParams(text)) {
    const name = given.toLowerCase()
    const before = query[name]
    if (before === undefined) query[name] = value
    else if (Array.isArray(before)) before.push(value)
    else query[name] = [before, value]
  }
  return query
}

/**
 * Answers past the framework where the body is whole: its own way of sending takes each header one by one, which costs
 * an answered read a tenth of its time. What goes on, a stream, is the framework's to carry: it is given back for that.
 */
function send(reply: FastifyReply, { status, headers, body }: Answer): FastifyReply | undefined {
  if (body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)) {
    return reply.code(status).headers(headers).send(body)
  }
  reply.hijack()
  const bytes = body === undefined ? 0 : Buffer.byteLength(body)
  // 204 and 304 have no length (RFC 9110 8.6). The headers may be shared by many answers, so they are left as they are.
  const sized = status === 204 || status === 304 ? headers : { ...headers, 'content-length': String(bytes) }
  // A text of as many bytes as letters is ASCII, which needs no encoder.
  reply.raw.writeHead(status, sized).end(body, bytes === body?.length ? 'latin1' : 'utf8')
  return undefined
}

/** What Fastify itself refuses, as a fault; undefined for what is none of its own. */
function faultOfFramework(error: unknown): Fault | undefined {
  const { code, statusCode } = error as { code?: string; statusCode?: number }
  if (error instanceof Fault || typeof code !== 'string' || !code.startsWith('FST_')) return undefined
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new Fault('too-large', 'The request body is larger than this operation takes.', {}, { cause: error })
  if (statusCode !== undefined && statusCode < 500) return malformed('The request is not well-formed.', error)
  return undefined
}

const malformed = (words: string, cause?: unknown): Fault => new Fault('invalid', words, { where: '' }, { cause })

/** A name or an address, and perhaps a port. */
const hostName = /^(\[[\da-f:.]+\]|[\w-]+(\.[\w-]+)*\.?)(:\d{0,5})?$/i

/** Of a whole address as the target, the path; the host in it counts, whatever the header says (RFC 9112 3.2.2). */
function takeHost(target: string, headers: { host?: string }): string {
  const [, host, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target) ?? []
  if (host === undefined) return target
  headers.host = host
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** An answer where no plane has words of its own. */
function outside(error: unknown): Answer {
  const fault = faultOfFramework(error) ?? faultOf(error)
  const status = statuses[fault.code] ?? 500
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
    body: JSON.stringify({ error: { code: fault.code, message: fault.message } }),
  }
}
const statuses: { readonly [code in FaultCode]?: number } = {
  'not-found': 404,
  invalid: 400,
  'too-large': 413,
  throttled: 429,
  unavailable: 503,
}

/** Fastify's router asks this of each request before it looks at the path. */
const byPlane = (hosts: Hosts) => ({
  name: 'plane',
  storage() {
    const handlers = new Map<string, unknown>()
    return {
      get: (plane: string) => handlers.get(plane) ?? null,
      set: (plane: string, handler: unknown) => void handlers.set(plane, handler),
    }
  },
  deriveConstraint: (request: { headers: { host?: string } }) => hosts.placeOf(request.headers.host).plane,
  mustMatchWhenDerived: false,
  validate: () => {},
})
