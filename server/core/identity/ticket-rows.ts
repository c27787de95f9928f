import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type TicketRow = { id: string; kind: string; sealed: Uint8Array; ends: Instant }
type Tables = { ticket: TicketRow }

const insert = statement<Tables, TicketRow>((db, given) =>
  db
    .insertInto('ticket')
    .values({ id: given('id'), kind: given('kind'), sealed: given('sealed'), ends: given('ends') })
    .onConflict((conflict) => conflict.column('id').doNothing()),
)
const byId = statement<Tables, { id: string; kind: string }, TicketRow>((db, given) =>
  db.selectFrom('ticket').selectAll().where('id', '=', given('id')).where('kind', '=', given('kind')),
)
const rewrite = statement<Tables, { id: string; sealed: Uint8Array; ends: Instant }>((db, given) =>
  db
    .updateTable('ticket')
    .set({ sealed: given('sealed'), ends: given('ends') })
    .where('id', '=', given('id')),
)
const remove = statement<Tables, { id: string }>((db, given) => db.deleteFrom('ticket').where('id', '=', given('id')))
const removeEnded = statement<Tables, { at: Instant }>((db, given) =>
  db.deleteFrom('ticket').where('ends', '<=', given('at')),
)

/** Whether it is new. */
export const addTicket = async (sql: Sql, row: TicketRow): Promise<boolean> => (await insert.changed(sql, row)) === 1
export const ticketById = (sql: Sql, kind: string, id: string): Promise<TicketRow | undefined> =>
  byId.first(sql, { id, kind })
export async function rewriteTicket(sql: Sql, id: string, sealed: Uint8Array, ends: Instant): Promise<void> {
  await rewrite.changed(sql, { id, sealed, ends })
}
export async function removeTicket(sql: Sql, id: string): Promise<void> {
  await remove.changed(sql, { id })
}
export async function removeEndedTickets(sql: Sql, at: Instant): Promise<void> {
  await removeEnded.changed(sql, { at })
}
