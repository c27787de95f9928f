import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

export type FailureRow = { subject: string; failures: number; last: Instant; until: Instant }
type Tables = { failed_sign_in: FailureRow }

const bySubject = statement<Tables, { subject: string }, FailureRow>((db, given) =>
  db.selectFrom('failed_sign_in').selectAll().where('subject', '=', given('subject')),
)
const upsert = statement<Tables, FailureRow>((db, given) =>
  db
    .insertInto('failed_sign_in')
    .values({
      subject: given('subject'),
      failures: given('failures'),
      last: given('last'),
      until: given('until'),
    })
    .onConflict((conflict) =>
      conflict.column('subject').doUpdateSet((row) => ({
        failures: row.ref('excluded.failures'),
        last: row.ref('excluded.last'),
        until: row.ref('excluded.until'),
      })),
    ),
)
const removeOld = statement<Tables, { before: Instant }>((db, given) =>
  db.deleteFrom('failed_sign_in').where('last', '<', given('before')),
)

export const failureOf = (sql: Sql, subject: string): Promise<FailureRow | undefined> =>
  bySubject.first(sql, { subject })
export async function keepFailure(sql: Sql, row: FailureRow): Promise<void> {
  await upsert.changed(sql, row)
}
export async function removeFailuresBefore(sql: Sql, before: Instant): Promise<void> {
  await removeOld.changed(sql, { before })
}
