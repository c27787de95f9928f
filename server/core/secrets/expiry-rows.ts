import type { Kysely } from 'kysely'
import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type NoticeRow = { vault: string; name_key: string; version: string; type: string; expires: number }
type Tables = {
  secret: { vault: string; name_key: string; name: string; version: string; deleted: number | null }
  secret_version: { vault: string; name_key: string; version: string; enabled: number; expires: number | null }
  expiry_notice: NoticeRow
}
export type Expiring = {
  readonly vault: string
  readonly nameKey: string
  readonly name: string
  readonly version: string
  readonly expires: Instant
}

/** The latest versions of live secrets, as far as they are enabled. */
const latest = (db: Kysely<Tables>) =>
  db
    .selectFrom('secret')
    .innerJoin('secret_version', (join) =>
      join
        .onRef('secret_version.vault', '=', 'secret.vault')
        .onRef('secret_version.name_key', '=', 'secret.name_key')
        .onRef('secret_version.version', '=', 'secret.version'),
    )
    .select(['secret.vault', 'secret.name_key as nameKey', 'secret.name', 'secret.version', 'secret_version.expires'])
    .$narrowType<{ expires: number }>()
    .where('secret.deleted', 'is', null)
    .where('secret_version.enabled', '=', 1)
const expiring = statement<Tables, { until: number; limit: number }, Expiring>((db, given) =>
  latest(db)
    .where('secret_version.expires', '<=', given('until'))
    .orderBy('secret_version.expires')
    .limit(given('limit')),
)
const expiringHere = statement<Tables, { vault: string }, Expiring>((db, given) =>
  latest(db).where('secret.vault', '=', given('vault')).where('secret_version.expires', 'is not', null),
)
const insertNotice = statement<Tables, NoticeRow>((db, given) =>
  db
    .insertInto('expiry_notice')
    .values({
      vault: given('vault'),
      name_key: given('name_key'),
      version: given('version'),
      type: given('type'),
      expires: given('expires'),
    })
    .onConflict((conflict) => conflict.columns(['vault', 'name_key', 'version', 'type', 'expires']).doNothing()),
)
const dropOfOthers = statement<Tables, Pick<NoticeRow, 'vault' | 'name_key' | 'version'>>((db, given) =>
  db
    .deleteFrom('expiry_notice')
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key'))
    .where('version', '!=', given('version')),
)
const dropOfName = statement<Tables, Pick<NoticeRow, 'vault' | 'name_key'>>((db, given) =>
  db.deleteFrom('expiry_notice').where('vault', '=', given('vault')).where('name_key', '=', given('name_key')),
)
const dropOfVault = statement<Tables, Pick<NoticeRow, 'vault'>>((db, given) =>
  db.deleteFrom('expiry_notice').where('vault', '=', given('vault')),
)

export const expiringUntil = (sql: Sql, until: Instant, limit: number): Promise<Expiring[]> =>
  expiring.all(sql, { until, limit })
/** The secrets in use of a vault that expire at all, and when. */
export const expiringIn = (sql: Sql, vault: string): Promise<Expiring[]> => expiringHere.all(sql, { vault })

type Notice = {
  readonly vault: string
  readonly nameKey: string
  readonly version: string
  readonly type: string
  readonly expires: Instant
}
/** Keeps that something was told; false when it was before. */
export const keepNotice = async (sql: Sql, { nameKey, ...notice }: Notice): Promise<boolean> =>
  (await insertNotice.changed(sql, { ...notice, name_key: nameKey })) === 1
/** Forgets what was told of the versions before this one. */
export async function dropNoticesBefore(sql: Sql, { vault, nameKey, version }: Omit<Notice, 'type' | 'expires'>) {
  await dropOfOthers.changed(sql, { vault, name_key: nameKey, version })
}
/** Forgets what was told of a name, or of all in a vault. */
export async function dropNotices(sql: Sql, vault: string, nameKey?: string): Promise<void> {
  if (nameKey === undefined) await dropOfVault.changed(sql, { vault })
  else await dropOfName.changed(sql, { vault, name_key: nameKey })
}
