import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type Tables = {
  consumer: { vault: string; secret_key: string; version: string; seen: number }
  secret: { vault: string; name_key: string; version: string; deleted: number | null }
}

// Beside a consumer stands the head of its secret: one question instead of one for each of them.
const lagging = statement<Tables, { seen: number }, { count: number | string }>((db, given) =>
  db
    .selectFrom('consumer')
    .innerJoin('secret', (join) =>
      join.onRef('secret.vault', '=', 'consumer.vault').onRef('secret.name_key', '=', 'consumer.secret_key'),
    )
    .select((row) => row.fn.countAll<number | string>().as('count'))
    .where('consumer.seen', '>', given('seen'))
    .where('secret.deleted', 'is', null)
    .whereRef('consumer.version', '!=', 'secret.version'),
)

export const countLagging = async (sql: Sql, seen: Instant): Promise<number> =>
  Number((await lagging.first(sql, { seen }))?.count ?? 0)
