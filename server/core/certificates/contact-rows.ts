import { type Sql, statement } from '#base/sql.ts'

type ContactsRow = { vault: string; sealed: Uint8Array }
type Tables = { certificate_contacts: ContactsRow }
type Of = Pick<ContactsRow, 'vault'>

const find = statement<Tables, Of, Pick<ContactsRow, 'sealed'>>((db, given) =>
  db.selectFrom('certificate_contacts').select('sealed').where('vault', '=', given('vault')),
)
const upsert = statement<Tables, ContactsRow>((db, given) =>
  db
    .insertInto('certificate_contacts')
    .values({ vault: given('vault'), sealed: given('sealed') })
    .onConflict((conflict) => conflict.columns(['vault']).doUpdateSet({ sealed: given('sealed') })),
)
const drop = statement<Tables, Of>((db, given) =>
  db.deleteFrom('certificate_contacts').where('vault', '=', given('vault')),
)

/** A vault's contacts, sealed to their place. */
export const sealedContacts = async (sql: Sql, vault: string): Promise<Uint8Array | undefined> =>
  (await find.first(sql, { vault }))?.sealed

export async function keepSealedContacts(sql: Sql, vault: string, sealed: Uint8Array): Promise<void> {
  await upsert.changed(sql, { vault, sealed })
}

export async function dropContacts(sql: Sql, vault: string): Promise<void> {
  await drop.changed(sql, { vault })
}
