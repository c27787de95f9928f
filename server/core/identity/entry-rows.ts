import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { Entry } from './entry.ts'

type Row = {
  readonly object_id: string
  readonly app_id: string | null
  readonly name: string
  readonly kind: string
  readonly enabled: number
  readonly upn: string | null
  readonly upn_key: string | null
  readonly details: string
  readonly created: Instant
  readonly proof: Uint8Array | null
}
type Tables = { principal: Row }

const byId = statement<Tables, { object_id: string }, Row>((db, given) =>
  db.selectFrom('principal').selectAll().where('object_id', '=', given('object_id')),
)
const byApp = statement<Tables, { app_id: string }, Row>((db, given) =>
  db.selectFrom('principal').selectAll().where('app_id', '=', given('app_id')),
)
const byName = statement<Tables, { upn_key: string }, Row>((db, given) =>
  db.selectFrom('principal').selectAll().where('upn_key', '=', given('upn_key')),
)
const slice = statement<Tables, { one: string; other: string; after: string; limit: number }, Row>((db, given) =>
  db
    .selectFrom('principal')
    .selectAll()
    .where('object_id', '>', given('after'))
    .where((where) => where.or([where('kind', '=', given('one')), where('kind', '=', given('other'))]))
    .orderBy('object_id')
    .limit(given('limit')),
)
const insert = statement<Tables, Row>((db, given) =>
  db
    .insertInto('principal')
    .values({
      object_id: given('object_id'),
      app_id: given('app_id'),
      name: given('name'),
      kind: given('kind'),
      enabled: given('enabled'),
      upn: given('upn'),
      upn_key: given('upn_key'),
      details: given('details'),
      created: given('created'),
      proof: given('proof'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)
const update = statement<Tables, Omit<Row, 'app_id' | 'kind' | 'created'>>((db, given) =>
  db
    .updateTable('principal')
    .set({
      name: given('name'),
      enabled: given('enabled'),
      upn: given('upn'),
      upn_key: given('upn_key'),
      details: given('details'),
      proof: given('proof'),
    })
    .where('object_id', '=', given('object_id')),
)
const remove = statement<Tables, { object_id: string }>((db, given) =>
  db.deleteFrom('principal').where('object_id', '=', given('object_id')),
)

/** A principal, and the proof that we entered it so. */
export type KeptEntry = { readonly entry: Entry; readonly proof: Uint8Array | undefined }

const keptOf = (row: Row): KeptEntry => ({
  entry: {
    objectId: row.object_id,
    appId: row.app_id ?? '',
    name: row.name,
    kind: row.kind as Entry['kind'],
    enabled: row.enabled === 1,
    userPrincipalName: row.upn ?? undefined,
    details: JSON.parse(row.details),
    created: row.created,
  },
  proof: row.proof ?? undefined,
})
const rowOf = (entry: Entry, proof: Uint8Array): Row => ({
  object_id: entry.objectId,
  app_id: entry.appId === '' ? null : entry.appId,
  name: entry.name,
  kind: entry.kind,
  enabled: entry.enabled ? 1 : 0,
  upn: entry.userPrincipalName ?? null,
  upn_key: entry.userPrincipalName?.toLowerCase() ?? null,
  details: JSON.stringify(entry.details),
  created: entry.created,
  proof,
})
const maybe = (row: Row | undefined): KeptEntry | undefined => row && keptOf(row)

export const entryRow = async (sql: Sql, object_id: string) => maybe(await byId.first(sql, { object_id }))
export const entryRowByApp = async (sql: Sql, app_id: string) => maybe(await byApp.first(sql, { app_id }))
export const entryRowByName = async (sql: Sql, upn: string) =>
  maybe(await byName.first(sql, { upn_key: upn.toLowerCase() }))
/** Those of one kind, or of either of two, in the order of their ids. */
export async function entrySlice(
  sql: Sql,
  [one, other = one]: readonly [Entry['kind'], Entry['kind']?],
  after: string,
  limit: number,
): Promise<KeptEntry[]> {
  return (await slice.all(sql, { one, other, after, limit })).map(keptOf)
}
/** False when its application or its name is another's. */
export const insertEntry = async (sql: Sql, entry: Entry, proof: Uint8Array): Promise<boolean> =>
  (await insert.changed(sql, rowOf(entry, proof))) === 1
export async function updateEntry(sql: Sql, entry: Entry, proof: Uint8Array): Promise<void> {
  const { app_id, kind, created, ...row } = rowOf(entry, proof)
  await update.changed(sql, row)
}
export async function deleteEntry(sql: Sql, object_id: string): Promise<void> {
  await remove.changed(sql, { object_id })
}
