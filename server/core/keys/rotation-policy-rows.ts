import { type Sql, statement } from '#base/sql.ts'
import { nameKey } from '#core/objects/object.ts'

type PolicyRow = { vault: string; name_key: string; sealed: Uint8Array }
type Tables = { key_rotation_policy: PolicyRow }
type Name = Pick<PolicyRow, 'vault' | 'name_key'>

const find = statement<Tables, Name, Pick<PolicyRow, 'sealed'>>((db, given) =>
  db
    .selectFrom('key_rotation_policy')
    .select('sealed')
    .where('vault', '=', given('vault'))
    .where('name_key', '=', given('name_key')),
)
const upsert = statement<Tables, PolicyRow>((db, given) =>
  db
    .insertInto('key_rotation_policy')
    .values({ vault: given('vault'), name_key: given('name_key'), sealed: given('sealed') })
    .onConflict((conflict) => conflict.columns(['vault', 'name_key']).doUpdateSet({ sealed: given('sealed') })),
)
const names = statement<Tables, Pick<PolicyRow, 'vault'>, Pick<PolicyRow, 'name_key'>>((db, given) =>
  db.selectFrom('key_rotation_policy').select('name_key').where('vault', '=', given('vault')),
)
const drop = statement<Tables, Name>((db, given) =>
  db.deleteFrom('key_rotation_policy').where('vault', '=', given('vault')).where('name_key', '=', given('name_key')),
)
const dropIn = statement<Tables, Pick<PolicyRow, 'vault'>>((db, given) =>
  db.deleteFrom('key_rotation_policy').where('vault', '=', given('vault')),
)

/** A key's policy, sealed to its place. */
export const sealedPolicy = async (sql: Sql, vault: string, name: string): Promise<Uint8Array | undefined> =>
  (await find.first(sql, { vault, name_key: nameKey(name) }))?.sealed

export async function keepSealedPolicy(sql: Sql, vault: string, name: string, sealed: Uint8Array): Promise<void> {
  await upsert.changed(sql, { vault, name_key: nameKey(name), sealed })
}

/** The keys of a vault that have a policy. */
export const namesWithPolicy = async (sql: Sql, vault: string): Promise<string[]> =>
  (await names.all(sql, { vault })).map(({ name_key }) => name_key)

/** Takes the policy of a key away, or those of all in a vault. */
export async function dropPolicies(sql: Sql, vault: string, name?: string): Promise<void> {
  if (name === undefined) await dropIn.changed(sql, { vault })
  else await drop.changed(sql, { vault, name_key: nameKey(name) })
}
