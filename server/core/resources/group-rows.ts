import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type Row = { name_key: string; name: string; location: string; tags: string; created: number }
type Tables = { resource_group: Row }

export type Group = {
  readonly name: string
  readonly location: string
  readonly tags: Readonly<Record<string, string>>
  readonly created: Instant
}

const all = statement<Tables, Record<never, never>, Row>((db) =>
  db.selectFrom('resource_group').selectAll().orderBy('name_key'),
)
const one = statement<Tables, { name_key: string }, Row>((db, given) =>
  db.selectFrom('resource_group').selectAll().where('name_key', '=', given('name_key')),
)
const keep = statement<Tables, Row>((db, given) =>
  db
    .insertInto('resource_group')
    .values({
      name_key: given('name_key'),
      name: given('name'),
      location: given('location'),
      tags: given('tags'),
      created: given('created'),
    })
    .onConflict((conflict) => conflict.column('name_key').doUpdateSet({ tags: given('tags') })),
)
const remove = statement<Tables, { name_key: string }>((db, given) =>
  db.deleteFrom('resource_group').where('name_key', '=', given('name_key')),
)

const groupOf = ({ name, location, tags, created }: Row): Group => ({ name, location, tags: JSON.parse(tags), created })

export const allGroups = async (sql: Sql): Promise<Group[]> => (await all.all(sql, {})).map(groupOf)

export async function keptGroup(sql: Sql, name: string): Promise<Group | undefined> {
  const row = await one.first(sql, { name_key: name.toLowerCase() })
  return row && groupOf(row)
}

/** Keeps a group; of one that is there already, the tags. */
export async function keepGroup(sql: Sql, group: Group): Promise<void> {
  await keep.changed(sql, { ...group, name_key: group.name.toLowerCase(), tags: JSON.stringify(group.tags) })
}

export async function removeGroup(sql: Sql, name: string): Promise<void> {
  await remove.changed(sql, { name_key: name.toLowerCase() })
}
