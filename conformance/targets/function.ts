import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Target } from './target.ts'

type Event = {
  readonly id: string
  readonly data: {
    readonly step: 'apply' | 'probe' | 'retire'
    readonly fence: number
    readonly value: string
    readonly target: string
  }
}

/**
 * A function of somebody's own that keeps the contract of the webhook: it checks the signature, does the same event
 * once, and refuses a worker who was replaced. Its targets have one credential each, or several side by side.
 */
export async function openFunctionTarget(kind: 'single' | 'set'): Promise<Target> {
  const key = randomBytes(32)
  const accepted = new Map<string, Set<string>>()
  const fences = new Map<string, number>()
  const done = new Set<string>()

  const isOurs = ({ headers }: IncomingMessage, body: string): boolean => {
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    return headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
  }
  const heard = ({ id, data }: Event): [number, object] => {
    const { step, fence, value, target } = data
    if (fence < (fences.get(target) ?? 0)) return [409, {}]
    fences.set(target, fence)
    const now = accepted.get(target) ?? new Set()
    if (step === 'probe') return [200, { result: now.has(value) ? 'valid' : 'invalid' }]
    if (!done.has(id)) {
      if (step === 'apply' && kind === 'single') now.clear()
      if (step === 'apply') now.add(value)
      else now.delete(value)
      accepted.set(target, now)
      done.add(id)
    }
    return [200, {}]
  }
  const server = createServer(async (request, answer) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts).toString('utf8')
    const [status, said] = isOurs(request, body) ? heard(JSON.parse(body)) : [401, {}]
    answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/rotate`
  const now = (target: string): Set<string> => accepted.get(target) ?? new Set()

  return {
    program: kind === 'single' ? 'a function with one credential' : 'a function with several credentials',
    stand: async (target) => ({
      binding: (key) => ({ url, key, target }),
      draws: key.toString('base64'),
      first: undefined,
      accepts: async (value) => now(target).has(value),
      living: async () => now(target).size,
    }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
