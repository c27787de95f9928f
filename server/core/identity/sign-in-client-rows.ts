import { type Sql, statement } from '#base/sql.ts'

type SignInClientRow = { principal: string; open: number; redirects: string; proof: Uint8Array }
type Tables = { sign_in_client: SignInClientRow }

const byPrincipal = statement<Tables, { principal: string }, SignInClientRow>((db, given) =>
  db.selectFrom('sign_in_client').selectAll().where('principal', '=', given('principal')),
)
const upsert = statement<Tables, SignInClientRow>((db, given) =>
  db
    .insertInto('sign_in_client')
    .values({
      principal: given('principal'),
      open: given('open'),
      redirects: given('redirects'),
      proof: given('proof'),
    })
    .onConflict((conflict) =>
      conflict.column('principal').doUpdateSet((row) => ({
        open: row.ref('excluded.open'),
        redirects: row.ref('excluded.redirects'),
        proof: row.ref('excluded.proof'),
      })),
    ),
)

const remove = statement<Tables, { principal: string }>((db, given) =>
  db.deleteFrom('sign_in_client').where('principal', '=', given('principal')),
)

export const signInClientRow = (sql: Sql, principal: string): Promise<SignInClientRow | undefined> =>
  byPrincipal.first(sql, { principal })
export async function keepSignInClient(sql: Sql, row: SignInClientRow): Promise<void> {
  await upsert.changed(sql, row)
}
export async function removeSignInClient(sql: Sql, principal: string): Promise<void> {
  await remove.changed(sql, { principal })
}
