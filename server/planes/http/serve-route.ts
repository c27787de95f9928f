import { pathsOf } from '@cardea/contract/operation'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { faultOf } from '#base/fault.ts'
import type { Answer, Known, Route } from '../plane.ts'
import type { Answering } from './answering.ts'
import { Arrived } from './arrived.ts'
import { allArrived } from './cohort.ts'
import { send } from './send.ts'
import type { Served } from './served.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls, found before the body is read. */
    known: Known<unknown> | undefined
    call: Arrived | undefined
  }
}

/** Serves an operation of a plane under all its paths. */
export function serveRoute(
  app: FastifyInstance,
  { base, hosts, meters, log }: Answering,
  { plane, words, bodyBytesMax }: Served,
  route: Route<unknown>,
): void {
  const { operation } = route
  const { spend } = words
  const meter = meters.of(plane, operation.id)
  const meet = async (request: FastifyRequest) => {
    request.call = new Arrived(request, hosts)
    await allArrived()
    request.known = await words.identify(request.call)
    const waiting = spend?.(request.known, operation)
    if (waiting !== undefined) await waiting
  }
  // Who calls is known before the body is read. Where none is read, the handler asks, and the hook's cost is saved.
  const bodiless = operation.method === 'GET' || operation.method === 'HEAD'
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    if (bodiless) await meet(request)
    // Both are there: they were met, here or in the hook.
    const call = (request.call as Arrived).take(request.body)
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

/** The treaty's `/kv/*key` is Fastify's `/kv/*`; what it takes is read from the target as it was sent. */
const pathOf = (path: string): string => path.replace(/\*\w+$/, '*')
