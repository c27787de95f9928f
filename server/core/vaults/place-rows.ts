import { type Sql, statement } from '#base/sql.ts'

type Tables = { resource_group: { name_key: string; name: string } }

const group = statement<Tables, { name_key: string }, { name: string }>((db, given) =>
  db.selectFrom('resource_group').select('name').where('name_key', '=', given('name_key')),
)

/** A resource group's name as it was first spelled. */
export const groupName = async (sql: Sql, name: string): Promise<string | undefined> =>
  (await group.first(sql, { name_key: name.toLowerCase() }))?.name
