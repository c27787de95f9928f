import { query, type Sql, statement } from '#base/sql.ts'
import { nameKey } from '#core/objects/object.ts'

type SealedRow = { vault: string; name_key: string; sealed: Uint8Array }
/** The name of one of the tables stands in the place of this. */
type Tables = { sealed: SealedRow }
type Name = Pick<SealedRow, 'vault' | 'name_key'>

/** One sealed thing for each name of a vault: a policy, or what is under way. */

function sealedRows(name: 'certificate_policy' | 'certificate_operation') {
  const table = name as string as 'sealed'
  const find = statement<Tables, Name, Pick<SealedRow, 'sealed'>>((db, given) =>
    db.selectFrom(table).select('sealed').where('vault', '=', given('vault')).where('name_key', '=', given('name_key')),
  )
  const upsert = statement<Tables, SealedRow>((db, given) =>
    db
      .insertInto(table)
      .values({ vault: given('vault'), name_key: given('name_key'), sealed: given('sealed') })
      .onConflict((conflict) => conflict.columns(['vault', 'name_key']).doUpdateSet({ sealed: given('sealed') })),
  )
  return {
    sealedFor: async (sql: Sql, vault: string, of: string): Promise<Uint8Array | undefined> =>
      (await find.first(sql, { vault, name_key: nameKey(of) }))?.sealed,

    async keep(sql: Sql, vault: string, of: string, sealed: Uint8Array): Promise<void> {
      await upsert.changed(sql, { vault, name_key: nameKey(of), sealed })
    },

    /** The names of a vault that have one. */
    namesIn: async (sql: Sql, vault: string): Promise<string[]> =>
      (
        await query<Tables, Name>(sql, (db) => db.selectFrom(table).selectAll().where('vault', '=', vault) as never)
      ).map((row) => row.name_key),

    /** Takes away what a name has, or all in a vault. */
    async drop(sql: Sql, vault: string, of?: string): Promise<void> {
      await query<Tables, never>(sql, (db) => {
        const all = db.deleteFrom(table).where('vault', '=', vault)
        return (of === undefined ? all : all.where('name_key', '=', nameKey(of))) as never
      })
    },
  }
}

export const policyRows = sealedRows('certificate_policy')
export const operationRows = sealedRows('certificate_operation')
