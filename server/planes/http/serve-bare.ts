import type { FastifyInstance } from 'fastify'
import type { Answer } from '../plane.ts'
import type { Answering } from './answering.ts'
import { Arrived } from './arrived.ts'
import { outside } from './outside.ts'
import { send } from './send.ts'
import type { Bare } from './served.ts'

/** Serves what needs no permission, on the hosts of its plane or on every one. */
export function serveBare(
  app: FastifyInstance,
  { hosts, meters, log }: Answering,
  { plane, method, path, answer }: Bare,
): void {
  // Health is asked by those who watch; it would only dilute what the others see.
  const meter = plane === 'any' ? undefined : meters.of(plane, path)
  app.route({
    method,
    url: path,
    ...(plane !== 'any' && { constraints: { plane } }),
    bodyLimit: 64 * 1024,
    handler: async (request, reply) => {
      const call = new Arrived(request, hosts).take(request.body)
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
