import { query, type Sql, statement } from '#base/sql.ts'
import { nameKey } from '#core/objects/object.ts'
import type { Slice } from '#core/objects/object-tables.ts'

type IssuerRow = { vault: string; name_key: string; name: string; sealed: Uint8Array }
type Tables = { certificate_issuer: IssuerRow }
type Found = Pick<IssuerRow, 'name' | 'sealed'>

const find = statement<Tables, Pick<IssuerRow, 'vault' | 'name_key'>, Found>((db, given) =>
  db
    .selectFrom('certificate_issuer')
    .select(['name', 'sealed'])
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key')),
)
const upsert = statement<Tables, IssuerRow>((db, given) =>
  db
    .insertInto('certificate_issuer')
    .values({ vault: given('vault'), name_key: given('name_key'), name: given('name'), sealed: given('sealed') })
    .onConflict((conflict) => conflict.columns(['vault', 'name_key']).doUpdateSet({ sealed: given('sealed') })),
)

/** An issuer, sealed to its place. */
export const issuerRow = (sql: Sql, vault: string, name: string): Promise<Found | undefined> =>
  find.first(sql, { vault, name_key: nameKey(name) })

export async function keepIssuerRow(sql: Sql, vault: string, name: string, sealed: Uint8Array): Promise<void> {
  await upsert.changed(sql, { vault, name_key: nameKey(name), name, sealed })
}

/** The issuers of a vault in the order of their names, after one, at most `limit`. */
export const issuerRows = (sql: Sql, vault: string, { after, limit }: Slice): Promise<Found[]> =>
  query<Tables, Found>(sql, (db) => {
    const all = db
      .selectFrom('certificate_issuer')
      .select(['name', 'sealed'])
      .where('vault', '=', vault)
      .orderBy('name_key')
      .limit(limit)
    return after === undefined ? all : all.where('name_key', '>', after)
  })

/** Takes an issuer away, or all of a vault. */
export async function dropIssuers(sql: Sql, vault: string, name?: string): Promise<void> {
  await query<Tables, never>(sql, (db) => {
    const all = db.deleteFrom('certificate_issuer').where('vault', '=', vault)
    return (name === undefined ? all : all.where('name_key', '=', nameKey(name))) as never
  })
}
