import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type SessionRow = {
  id: string
  principal: string
  client: string
  created: Instant
  ends: Instant
  proof: Uint8Array
}
type Tables = { session: SessionRow }

const insert = statement<Tables, SessionRow>((db, given) =>
  db.insertInto('session').values({
    id: given('id'),
    principal: given('principal'),
    client: given('client'),
    created: given('created'),
    ends: given('ends'),
    proof: given('proof'),
  }),
)
const byId = statement<Tables, { id: string }, SessionRow>((db, given) =>
  db.selectFrom('session').selectAll().where('id', '=', given('id')),
)
const remove = statement<Tables, { id: string }>((db, given) => db.deleteFrom('session').where('id', '=', given('id')))
const removeOf = statement<Tables, { principal: string }>((db, given) =>
  db.deleteFrom('session').where('principal', '=', given('principal')),
)
const removeEnded = statement<Tables, { at: Instant }>((db, given) =>
  db.deleteFrom('session').where('ends', '<=', given('at')),
)

export async function addSession(sql: Sql, row: SessionRow): Promise<void> {
  await insert.changed(sql, row)
}
export const sessionById = (sql: Sql, id: string): Promise<SessionRow | undefined> => byId.first(sql, { id })
export const removeSession = async (sql: Sql, id: string): Promise<boolean> => (await remove.changed(sql, { id })) > 0
export const removeSessionsOf = (sql: Sql, principal: string): Promise<number> => removeOf.changed(sql, { principal })
export async function removeEndedSessions(sql: Sql, at: Instant): Promise<void> {
  await removeEnded.changed(sql, { at })
}
