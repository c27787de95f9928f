import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type Tables = {
  consumer: {
    vault: string
    secret_key: string
    principal: string
    instance: string
    version: string
    seen: number
  }
  secret: { vault: string; name_key: string; version: string; deleted: number | null }
}

// Beside a consumer stands the head of its secret: one question instead of one for each of them. An instance that runs on
// several old versions of one lags once.
const lagging = statement<Tables, { seen: number }, { count: number | string }>((db, given) =>
  db
    .selectFrom(
      db
        .selectFrom('consumer')
        .innerJoin('secret', (join) =>
          join.onRef('secret.vault', '=', 'consumer.vault').onRef('secret.name_key', '=', 'consumer.secret_key'),
        )
        .select(['consumer.vault', 'consumer.secret_key', 'consumer.principal', 'consumer.instance'])
        .distinct()
        .where('consumer.seen', '>', given('seen'))
        .where('secret.deleted', 'is', null)
        .whereRef('consumer.version', '!=', 'secret.version')
        .as('lagging'),
    )
    .select((row) => row.fn.countAll<number | string>().as('count')),
)

/** How many of those seen since then run on another version than the latest. */
export const countLagging = async (sql: Sql, seen: Instant): Promise<number> =>
  Number((await lagging.first(sql, { seen }))?.count ?? 0)
