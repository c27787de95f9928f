import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type Row = {
  id: string
  store: string
  scope: string
  name: string
  sealed: Uint8Array
  read_only: number
  created: number
}
type Tables = { access_key: Row }

const insert = statement<Tables, Row>((db, given) =>
  db.insertInto('access_key').values({
    id: given('id'),
    store: given('store'),
    scope: given('scope'),
    name: given('name'),
    sealed: given('sealed'),
    read_only: given('read_only'),
    created: given('created'),
  }),
)
const byId = statement<Tables, { id: string }, Row>((db, given) =>
  db.selectFrom('access_key').selectAll().where('id', '=', given('id')),
)
const ofStore = statement<Tables, { store: string }, Row>((db, given) =>
  db.selectFrom('access_key').selectAll().where('store', '=', given('store')).orderBy('name'),
)
const removeAll = statement<Tables, { store: string }>((db, given) =>
  db.deleteFrom('access_key').where('store', '=', given('store')),
)
const remove = statement<Tables, { id: string }>((db, given) =>
  db.deleteFrom('access_key').where('id', '=', given('id')),
)

export type KeptAccessKey = {
  readonly id: string
  readonly store: string
  readonly scope: string
  readonly name: string
  readonly readOnly: boolean
  readonly sealed: Uint8Array
}
export type DatedAccessKey = KeptAccessKey & { readonly created: Instant }

export async function addKeyRow(sql: Sql, { readOnly, ...key }: KeptAccessKey, created: Instant): Promise<void> {
  await insert.changed(sql, { ...key, read_only: readOnly ? 1 : 0, created })
}

export async function keptAccessKey(sql: Sql, id: string): Promise<DatedAccessKey | undefined> {
  const row = await byId.first(sql, { id })
  return row && keyFrom(row)
}

/** All access keys of a store. */
export const keptAccessKeys = async (sql: Sql, store: string): Promise<DatedAccessKey[]> =>
  (await ofStore.all(sql, { store })).map(keyFrom)

const keyFrom = (row: Row): DatedAccessKey => ({
  id: row.id,
  store: row.store,
  scope: row.scope,
  name: row.name,
  readOnly: row.read_only === 1,
  sealed: row.sealed,
  created: row.created,
})

/** Takes a key away; false when there was none. */
export const removeKeyRow = async (sql: Sql, id: string): Promise<boolean> => (await remove.changed(sql, { id })) === 1

/** Takes all keys of a store away. */
export async function removeKeyRows(sql: Sql, store: string): Promise<void> {
  await removeAll.changed(sql, { store })
}
