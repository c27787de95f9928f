import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

/** A role of one's own, as it is kept. */
export type KeptDefinition = {
  readonly id: string
  readonly name: string
  readonly nameKey: string
  readonly description: string
  readonly lists: string
  readonly scopes: string
  readonly proof: Uint8Array
  readonly created: Instant
  readonly createdBy: string
  readonly updated: Instant
  readonly updatedBy: string
}
type Row = {
  id: string
  name: string
  name_key: string
  description: string
  lists: string
  scopes: string
  proof: Uint8Array
  created: number
  created_by: string
  updated: number
  updated_by: string
}
type Tables = { role_definition: Row }

const byId = statement<Tables, { id: string }, Row>((db, given) =>
  db.selectFrom('role_definition').selectAll().where('id', '=', given('id')),
)
const byName = statement<Tables, { name_key: string }, Row>((db, given) =>
  db.selectFrom('role_definition').selectAll().where('name_key', '=', given('name_key')),
)
const every = statement<Tables, Record<never, never>, Row>((db) =>
  db.selectFrom('role_definition').selectAll().orderBy('name_key'),
)
const upsert = statement<Tables, Row>((db, given) => {
  const said = {
    name: given('name'),
    name_key: given('name_key'),
    description: given('description'),
    lists: given('lists'),
    scopes: given('scopes'),
    proof: given('proof'),
    updated: given('updated'),
    updated_by: given('updated_by'),
  }
  return db
    .insertInto('role_definition')
    .values({ id: given('id'), ...said, created: given('created'), created_by: given('created_by') })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(said))
})
const remove = statement<Tables, { id: string }>((db, given) =>
  db.deleteFrom('role_definition').where('id', '=', given('id')),
)

const definitionIn = ({ name_key, created_by, updated_by, ...row }: Row): KeptDefinition => ({
  ...row,
  nameKey: name_key,
  createdBy: created_by,
  updatedBy: updated_by,
})

export async function definitionById(sql: Sql, id: string): Promise<KeptDefinition | undefined> {
  const row = await byId.first(sql, { id })
  return row && definitionIn(row)
}
export async function definitionByName(sql: Sql, name_key: string): Promise<KeptDefinition | undefined> {
  const row = await byName.first(sql, { name_key })
  return row && definitionIn(row)
}
export const allDefinitions = async (sql: Sql): Promise<KeptDefinition[]> =>
  (await every.all(sql, {})).map(definitionIn)

export async function keepDefinition(
  sql: Sql,
  { nameKey, createdBy, updatedBy, ...rest }: KeptDefinition,
): Promise<void> {
  await upsert.changed(sql, { ...rest, name_key: nameKey, created_by: createdBy, updated_by: updatedBy })
}

export const removeDefinition = async (sql: Sql, id: string): Promise<boolean> =>
  (await remove.changed(sql, { id })) === 1
