import type { Database } from '#base/database.ts'
import { json } from '#base/media-types.ts'
import type { Bare } from '../http/served.ts'
import type { Answer } from '../plane.ts'

/** For so long an answer holds: however many ask, the database is written to once in this time. */
const restMs = 1_000

/**
 * Health says that the process answers; readiness that it can do its work, which is to write and to read. Both on every
 * host, without a token, and without a word about what is inside.
 */
export function health(database: Database<never>, closing: () => boolean): readonly Bare[] {
  let checked: Promise<Answer> | undefined
  const check = async (): Promise<Answer> => {
    const answer = await database.check().then(
      () => say(200, 'ready'),
      () => say(503, 'the store does not answer'),
    )
    setTimeout(() => {
      checked = undefined
    }, restMs).unref()
    return answer
  }
  const ready = (): Promise<Answer> => {
    checked ??= check()
    return checked
  }
  return [
    { plane: 'any', method: 'GET', path: '/.cardea/health', answer: async () => say(200, 'alive') },
    {
      plane: 'any',
      method: 'GET',
      path: '/.cardea/ready',
      answer: async () => (closing() ? say(503, 'closing') : ready()),
    },
  ]
}

const say = (status: number, state: string): Answer => ({
  status,
  headers: { 'content-type': json, 'cache-control': 'no-store' },
  body: JSON.stringify({ status: state }),
})
