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

export async function addKeyRow(sql: Sql, { readOnly, ...key }: KeptAccessKey, created: Instant): Promise<void> {
  await insert.changed(sql, { ...key, read_only: readOnly ? 1 : 0, created })
}

export async function keptAccessKey(sql: Sql, id: string): Promise<KeptAccessKey | undefined> {
  const row = await byId.first(sql, { id })
  return (
    row && {
      id: row.id,
      store: row.store,
      scope: row.scope,
      name: row.name,
      readOnly: row.read_only === 1,
      sealed: row.sealed,
    }
  )
}

/** Takes a key away; false when there was none. */
export const removeKeyRow = async (sql: Sql, id: string): Promise<boolean> => (await remove.changed(sql, { id })) === 1
