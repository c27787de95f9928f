import { randomUUID } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Call } from '../plane.ts'
import type { Hosts } from './hosts.ts'

/** A request as every plane sees it. Who calls is asked before the body is read, so its body comes later than the rest. */
export class Arrived implements Call {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly name: string
  readonly params: Call['params']
  readonly query: Call['query']
  readonly headers: Call['headers']
  body: Buffer | undefined = undefined
  readonly circumstances: Call['circumstances']
  readonly requestId = randomUUID()
  readonly began = performance.now()

  constructor(request: FastifyRequest, hosts: Hosts) {
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
  }

  /** Takes the body that was read, if there is one. */
  take(body: unknown): this {
    if (Buffer.isBuffer(body)) this.body = body
    return this
  }
}

/** A header as the journal may keep it: short, and in characters that can't break a line. */
const headerText = (value: string | string[] | undefined, max: number): string =>
  typeof value === 'string' ? value.slice(0, max).replace(/[^\x20-\x7e]/g, '?') : ''

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
