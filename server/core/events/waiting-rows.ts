import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type Tables = {
  outbox: { sequence: number; attempt: number }
  change: { sequence: number; at: number; resource: string }
}

const depth = statement<Tables, Record<never, never>, { count: number | string }>((db) =>
  db.selectFrom('outbox').select((row) => row.fn.countAll<number | string>().as('count')),
)
const late = statement<Tables, { before: number; limit: number }, { sequence: number; at: number; resource: string }>(
  (db, given) =>
    db
      .selectFrom('outbox')
      .innerJoin('change', 'change.sequence', 'outbox.sequence')
      .select(['change.sequence', 'change.at', 'change.resource'])
      .where('change.at', '<', given('before'))
      .orderBy('change.sequence')
      .limit(given('limit')),
)

/** How many events wait to be carried out of the house. */
export const outboxDepth = async (sql: Sql): Promise<number> => Number((await depth.first(sql, {}))?.count ?? 0)

export type Waiting = { readonly sequence: number; readonly at: Instant; readonly resource: string }
export const waitingSince = (sql: Sql, before: Instant, limit: number): Promise<Waiting[]> =>
  late.all(sql, { before, limit })
