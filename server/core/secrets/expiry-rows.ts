import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type Tables = {
  secret: { vault: string; name_key: string; name: string; version: string; deleted: number | null }
  secret_version: { vault: string; name_key: string; version: string; enabled: number; expires: number | null }
}
export type Expiring = {
  readonly vault: string
  readonly name: string
  readonly version: string
  readonly expires: Instant
}

const expiring = statement<Tables, { until: number; limit: number }, Expiring>((db, given) =>
  db
    .selectFrom('secret')
    .innerJoin('secret_version', (join) =>
      join
        .onRef('secret_version.vault', '=', 'secret.vault')
        .onRef('secret_version.name_key', '=', 'secret.name_key')
        .onRef('secret_version.version', '=', 'secret.version'),
    )
    .select(['secret.vault', 'secret.name', 'secret.version', 'secret_version.expires'])
    .$narrowType<{ expires: number }>()
    .where('secret.deleted', 'is', null)
    .where('secret_version.enabled', '=', 1)
    .where('secret_version.expires', '<=', given('until'))
    .orderBy('secret_version.expires')
    .limit(given('limit')),
)

export const expiringUntil = (sql: Sql, until: Instant, limit: number): Promise<Expiring[]> =>
  expiring.all(sql, { until, limit })
