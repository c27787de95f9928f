import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'

export type PersonRow = { object_id: string; name: string; enabled: number; upn: string | null }
type PrincipalRow = PersonRow & { kind: string; upn_key: string | null }
type PasswordRow = { principal: string; sealed: Uint8Array; changed: Instant }
type Tables = { principal: PrincipalRow; user_password: PasswordRow }

const byKey = statement<Tables, { upn_key: string }, PersonRow>((db, given) =>
  db
    .selectFrom('principal')
    .select(['object_id', 'name', 'enabled', 'upn'])
    .where('upn_key', '=', given('upn_key'))
    .where('kind', '=', 'user'),
)
const byId = statement<Tables, { object_id: string }, PersonRow>((db, given) =>
  db
    .selectFrom('principal')
    .select(['object_id', 'name', 'enabled', 'upn'])
    .where('object_id', '=', given('object_id'))
    .where('kind', '=', 'user'),
)
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

export const personByKey = (sql: Sql, upn_key: string): Promise<PersonRow | undefined> => byKey.first(sql, { upn_key })
export const personById = (sql: Sql, object_id: string): Promise<PersonRow | undefined> =>
  byId.first(sql, { object_id })
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
