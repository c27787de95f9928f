import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { ObjectKind } from './object.ts'

type NoticeRow = {
  kind: ObjectKind
  vault: string
  name_key: string
  version: string
  type: string
  expires: number
}
type Tables = { expiry_notice: NoticeRow }
type Name = Pick<NoticeRow, 'kind' | 'vault' | 'name_key'>

// The type says the kind, too: so a secret and a key of one name don't get into each other's way.
const insert = statement<Tables, NoticeRow>((db, given) =>
  db
    .insertInto('expiry_notice')
    .values({
      kind: given('kind'),
      vault: given('vault'),
      name_key: given('name_key'),
      version: given('version'),
      type: given('type'),
      expires: given('expires'),
    })
    .onConflict((conflict) => conflict.columns(['vault', 'name_key', 'version', 'type', 'expires']).doNothing()),
)
const find = statement<Tables, NoticeRow, Pick<NoticeRow, 'type'>>((db, given) =>
  db
    .selectFrom('expiry_notice')
    .select('type')
    .where('kind', '=', given('kind'))
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key'))
    .where('version', '=', given('version'))
    .where('type', '=', given('type'))
    .where('expires', '=', given('expires')),
)
const dropOfOthers = statement<Tables, Name & Pick<NoticeRow, 'version'>>((db, given) =>
  db
    .deleteFrom('expiry_notice')
    .where('kind', '=', given('kind'))
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key'))
    .where('version', '!=', given('version')),
)
const dropOfName = statement<Tables, Name>((db, given) =>
  db
    .deleteFrom('expiry_notice')
    .where('kind', '=', given('kind'))
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key')),
)
const dropOfVault = statement<Tables, Pick<NoticeRow, 'kind' | 'vault'>>((db, given) =>
  db.deleteFrom('expiry_notice').where('kind', '=', given('kind')).where('vault', '=', given('vault')),
)

export type Notice = {
  readonly kind: ObjectKind
  readonly vault: string
  readonly nameKey: string
  readonly version: string
  readonly type: `${ObjectKind}-${string}`
  readonly expires: Instant
}
/** Keeps that something was told; false when it was before. */
export const keepNotice = async (sql: Sql, { nameKey, ...notice }: Notice): Promise<boolean> =>
  (await insert.changed(sql, { ...notice, name_key: nameKey })) === 1

/** Whether it was kept that something was told. */
export const wasNoticed = async (sql: Sql, { nameKey, ...notice }: Notice): Promise<boolean> =>
  (await find.first(sql, { ...notice, name_key: nameKey })) !== undefined

/** Forgets what was told of the versions before this one. */
export async function dropNoticesBefore(
  sql: Sql,
  { kind, vault, nameKey, version }: Omit<Notice, 'type' | 'expires'>,
): Promise<void> {
  await dropOfOthers.changed(sql, { kind, vault, name_key: nameKey, version })
}

/** Forgets what was told of a name, or of all in a vault. */
export async function dropNotices(sql: Sql, kind: ObjectKind, vault: string, nameKey?: string): Promise<void> {
  if (nameKey === undefined) await dropOfVault.changed(sql, { kind, vault })
  else await dropOfName.changed(sql, { kind, vault, name_key: nameKey })
}
