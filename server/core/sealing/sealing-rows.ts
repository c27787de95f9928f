import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type Tables = { sealing_key: { id: string; sealed: Uint8Array; created: number } }

const insert = statement<Tables, { id: string; sealed: Uint8Array; created: number }>((db, given) =>
  db.insertInto('sealing_key').values({ id: given('id'), sealed: given('sealed'), created: given('created') }),
)
const byId = statement<Tables, { id: string }, { sealed: Uint8Array }>((db, given) =>
  db.selectFrom('sealing_key').select('sealed').where('id', '=', given('id')),
)
const remove = statement<Tables, { id: string }>((db, given) =>
  db.deleteFrom('sealing_key').where('id', '=', given('id')),
)

export async function addKey(sql: Sql, id: string, sealed: Uint8Array, created: Instant): Promise<void> {
  await insert.changed(sql, { id, sealed, created })
}
export const sealedKey = async (sql: Sql, id: string): Promise<Uint8Array | undefined> =>
  (await byId.first(sql, { id }))?.sealed
export async function removeKey(sql: Sql, id: string): Promise<void> {
  await remove.changed(sql, { id })
}
