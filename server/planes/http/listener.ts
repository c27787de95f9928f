import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Server } from 'node:https'
import type { Duplex } from 'node:stream'
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify'
import type { Answering } from './answering.ts'
import type { Connections } from './connections.ts'
import type { Hosts } from './hosts.ts'
import { endWith, onClientError } from './last-word.ts'
import { Outside } from './outside.ts'
import { queryOf } from './query.ts'
import { serveBare } from './serve-bare.ts'
import { serveRoute } from './serve-route.ts'
import type { Bare, Served } from './served.ts'

type Parts = Answering & {
  readonly planes: readonly Served[]
  readonly bare: readonly Bare[]
  readonly connections: Connections
  readonly tls: { readonly key: string; readonly cert: string }
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
export function createListener({ planes, bare, connections, tls, ...answering }: Parts): FastifyInstance {
  const { hosts } = answering
  const servedAs = new Map(planes.map((served) => [served.plane, served]))
  const outside = new Outside(answering, servedAs)
  const options: FastifyServerOptions = {
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
      querystringParser: queryOf,
      constraints: { plane: byPlane(hosts) },
    },
    clientErrorHandler: onClientError,
    rewriteUrl: ({ url = '/', headers }) => {
      const target = url.startsWith('/') ? url : takeHost(url, headers)
      const rewrite = servedAs.get(hosts.placeOf(headers.host).plane)?.rewrite
      return rewrite === undefined ? target : rewrite(target)
    },
    frameworkErrors: outside.answerUnrouted,
  }
  // A second host or token isn't dropped: joined, the two are none, and nobody in front of us can have believed the other one.
  const secure: object = { https: { ...tls, minVersion: 'TLSv1.2', joinDuplicateHeaders: true, ...patience } }
  // The types of Fastify tell plain, secure and HTTP/2 servers apart; nothing here depends on which it is, so they aren't told.
  const app = fastify({ ...options, ...secure })
  // It was made with TLS, whatever its type says.
  connections.guard(app.server as Server)
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
  app.setErrorHandler(outside.answer)
  app.setNotFoundHandler(outside.notFound)
  for (const served of planes) for (const route of served.routes) serveRoute(app, answering, served, route)
  for (const one of bare) serveBare(app, answering, one)
  return app
}

/** Of a whole address as the target, the path; the host in it counts, whatever the header says (RFC 9112 3.2.2). */
function takeHost(target: string, headers: IncomingHttpHeaders): string {
  const [, host, rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target) ?? []
  if (host === undefined) return target
  headers.host = host
  return rest.startsWith('/') ? rest : `/${rest}`
}

type Constraint = NonNullable<NonNullable<FastifyServerOptions['routerOptions']>['constraints']>[string]
type Handler = Parameters<ReturnType<Constraint['storage']>['set']>[1]

/** Fastify's router asks this of each request before it looks at the path. */
const byPlane = (hosts: Hosts): Constraint => ({
  name: 'plane',
  storage() {
    const handlers = new Map<unknown, Handler>()
    return {
      get: (plane) => handlers.get(plane) ?? null,
      set: (plane, handler) => void handlers.set(plane, handler),
    }
  },
  deriveConstraint: ({ headers }) => hosts.placeOf(headers.host).plane,
  mustMatchWhenDerived: false,
  validate: () => {},
})
