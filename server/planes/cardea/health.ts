import type { Database } from '#base/database.ts'
import type { Bare } from '../http/listener.ts'
import type { Answer } from '../plane.ts'

/**
 * Health says that the process answers; readiness that it can do its work, which is to make an entry durable. Both on
 * every host, without a token, and without a word about what is inside.
 */
export const health = (database: Database<never>, closing: () => boolean): readonly Bare[] => [
  { plane: 'any', method: 'GET', path: '/.cardea/health', answer: async () => say(200, 'alive') },
  {
    plane: 'any',
    method: 'GET',
    path: '/.cardea/ready',
    async answer() {
      if (closing()) return say(503, 'closing')
      return database.check().then(
        () => say(200, 'ready'),
        () => say(503, 'the store does not answer'),
      )
    },
  },
]

const say = (status: number, state: string): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  body: JSON.stringify({ status: state }),
})
