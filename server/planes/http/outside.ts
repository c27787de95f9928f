import type { FastifyReply, FastifyRequest } from 'fastify'
import { Fault, type FaultCode, faultOf } from '#base/fault.ts'
import { json } from '#base/media-types.ts'
import { stranger } from '#core/identity/caller.ts'
import { attest, type Base } from '#core/perform.ts'
import { type Answer, type Call, refused } from '../plane.ts'
import type { Answering } from './answering.ts'
import { Arrived } from './arrived.ts'
import { holdBack } from './crowd.ts'
import { faultOfFramework, malformed } from './framework-fault.ts'
import type { Plane } from './hosts.ts'
import { send } from './send.ts'
import type { Served } from './served.ts'

/** A name or an address, and perhaps a port. */
const hostName = /^(\[[\da-f:.]+\]|[\w-]+(\.[\w-]+)*\.?)(:\d{0,5})?$/i

/** What is said to a request that no route answers: it leads nowhere, or isn't one, or nobody knows who sends it. */
export class Outside {
  readonly #answering: Answering
  readonly #servedAs: ReadonlyMap<Plane, Served>

  constructor(answering: Answering, servedAs: ReadonlyMap<Plane, Served>) {
    this.#answering = answering
    this.#servedAs = servedAs
  }

  /** Answers what went wrong, in the words of the plane that was asked. */
  readonly answer = async (thrown: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { base, hosts, crowd, meters, log } = this.#answering
    // Whoever goes away in the middle of a body, or sends what is none, did so: it is no failure of ours.
    const error = thrown === request.raw.errored ? malformed('The body of the request is not whole.', thrown) : thrown
    const { plane } = hosts.placeOf(request.headers.host)
    const served = this.#servedAs.get(plane)
    const call = request.call ?? new Arrived(request, hosts)
    if (served === undefined) {
      // What was asked of a host that isn't ours is nobody's deed.
      if (plane !== 'elsewhere') await attestOutside(base, call, error)
      send(reply, outside(error))
      return
    }
    const operation = (request.routeOptions?.config as { operation?: string } | undefined)?.operation ?? 'Unknown'
    if (!(error instanceof Fault) && faultOfFramework(error) === undefined)
      log.error({ error, operation }, 'a request failed')
    const { known } = request
    // Whoever proved who they are is answered, however many there are who didn't at the same address.
    const waitMs = known === undefined ? holdBack(crowd, call) : 0
    const answer =
      waitMs > 0
        ? served.words.refuse(call, tooMany(waitMs), undefined)
        : await refused(base, served.words, operation, call, known, faultOfFramework(error) ?? error)
    send(reply, answer)
    meters.of(served.plane, operation).count(answer.status, performance.now() - call.began)
  }

  /** The same for what the framework refuses before it looks for a route; nobody waits for that. */
  readonly answerUnrouted = (error: unknown, request: FastifyRequest, reply: FastifyReply): void =>
    void this.answer(error, request, reply).catch(() => reply.code(500).send())

  /** Answers a path that no route has: whether there is such a one is nobody's business who hasn't said who they are. */
  readonly notFound = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { hosts } = this.#answering
    const served = this.#servedAs.get(hosts.placeOf(request.headers.host).plane)
    const call = new Arrived(request, hosts)
    request.call = call
    if (served === undefined && !hostName.test(call.host))
      return this.answer(malformed('A request names one host.'), request, reply)
    try {
      if (served !== undefined) request.known = await served.words.identify(call)
    } catch (error) {
      return this.answer(error, request, reply)
    }
    const words = `There is no ${call.method} ${call.target.split('?', 1)[0]} here.`
    return this.answer(new Fault('not-found', words, { kind: 'route' }), request, reply)
  }
}

const tooMany = (waitMs: number): Fault =>
  new Fault('throttled', 'Too many requests without a valid credential come from this address.', {
    retryMs: String(waitMs),
  })

/** What was asked of us where no plane has words of its own. */
function attestOutside(base: Base, { host, target, circumstances }: Call, error: unknown): Promise<void> {
  const resource = `${host}${target.split('?', 1)[0]}`.slice(0, 1024)
  const { code } = faultOfFramework(error) ?? faultOf(error)
  return attest(base, { operation: 'Unknown', resource, caller: stranger, circumstances }, code)
}

/** An answer where no plane has words of its own. */
export function outside(error: unknown): Answer {
  const fault = faultOfFramework(error) ?? faultOf(error)
  return {
    status: statuses[fault.code] ?? 500,
    headers: { 'content-type': json, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
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
