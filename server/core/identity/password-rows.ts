import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

type PasswordRow = { principal: string; sealed: Uint8Array; changed: Instant }
type Tables = { user_password: PasswordRow }

const passwordOf = statement<Tables, { principal: string }, PasswordRow>((db, given) =>
  db.selectFrom('user_password').selectAll().where('principal', '=', given('principal')),
)
const upsert = statement<Tables, PasswordRow>((db, given) =>
  db
    .insertInto('user_password')
    .values({ principal: given('principal'), sealed: given('sealed'), changed: given('changed') })
    .onConflict((conflict) =>
      conflict.column('principal').doUpdateSet((row) => ({
        sealed: row.ref('excluded.sealed'),
        changed: row.ref('excluded.changed'),
      })),
    ),
)

export const sealedPasswordOf = async (sql: Sql, principal: string): Promise<Uint8Array | undefined> =>
  (await passwordOf.first(sql, { principal }))?.sealed
export async function keepSealedPassword(
  sql: Sql,
  principal: string,
  sealed: Uint8Array,
  changed: Instant,
): Promise<void> {
  await upsert.changed(sql, { principal, sealed, changed })
}
