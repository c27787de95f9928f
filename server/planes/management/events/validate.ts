import { stranger } from '#core/identity/caller.ts'
import { attest, type Base } from '#core/perform.ts'
import { answerByUrl } from '#core/resources/handshake.ts'
import type { Bare } from '../../http/served.ts'
import type { Answer } from '../../plane.ts'

/** Where a receiver says that it wants events, or whoever set it up does for it: the address is the secret. */
export const validation = (base: Base): readonly Bare[] =>
  (['GET', 'POST'] as const).map((method) => ({
    plane: 'management',
    method,
    path: '/.cardea/event-subscriptions/:id/validate',
    async answer({ params, query, circumstances }): Promise<Answer> {
      const token = typeof query.token === 'string' ? query.token : ''
      const id = (params.id ?? '').slice(0, 64)
      const known = await answerByUrl(base, id, token)
      const deed = {
        operation: 'EventSubscriptionValidate',
        resource: known ?? `/event-subscriptions/${id}`,
        caller: stranger,
        circumstances,
      }
      await attest(base, deed, known === undefined ? 'not-found' : 'done')
      return known === undefined
        ? say(404, 'There is no event subscription that waits for this.')
        : say(200, 'Webhook successfully validated as a subscription endpoint')
    },
  }))

const say = (status: number, words: string): Answer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  body: words,
})
