import { type Sql, statement } from '#base/sql.ts'

type Row = { readonly subject: string; readonly slot: number; readonly spent: number }
type Tables = { quota_spent: Row }

const since = statement<Tables, { subject: string }, Row>((db, given) =>
  db.selectFrom('quota_spent').selectAll().where('subject', '=', given('subject')).orderBy('slot'),
)
const add = statement<Tables, Row>((db, given) =>
  db
    .insertInto('quota_spent')
    .values({ subject: given('subject'), slot: given('slot'), spent: given('spent') })
    .onConflict((conflict) =>
      conflict
        .columns(['subject', 'slot'])
        .doUpdateSet((row) => ({ spent: row('quota_spent.spent', '+', given('spent')) })),
    ),
)
const forget = statement<Tables, { subject: string; slot: number }>((db, given) =>
  db.deleteFrom('quota_spent').where('subject', '=', given('subject')).where('slot', '<', given('slot')),
)

/** What was let through of a subject, slot by slot, oldest first. */
export const spentOn = (sql: Sql, subject: string): Promise<Row[]> => since.all(sql, { subject })

/** Counts some more of a slot, or fewer. */
export async function addSpent(sql: Sql, subject: string, slot: number, spent: number): Promise<void> {
  await add.changed(sql, { subject, slot, spent })
}

/** Forgets the slots before this one. */
export async function forgetSpent(sql: Sql, subject: string, slot: number): Promise<void> {
  await forget.changed(sql, { subject, slot })
}
