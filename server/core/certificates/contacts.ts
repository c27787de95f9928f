import { Fault } from '#base/fault.ts'
import type { Sealing } from '#core/objects/held.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { keyOfVault, type Vault } from '#core/vaults/vault.ts'
import { dropContacts, keepSealedContacts, sealedContacts } from './contact-rows.ts'

/** Somebody who is told by mail what comes in the lives of a vault's certificates. */
export type Contact = {
  readonly email: string
  readonly name?: string | undefined
  readonly phone?: string | undefined
}

const placeOf = (vault: Vault): string => `${vault.resourceId}/certificates/contacts`

/** A vault's contacts; none if nobody was named. */
export async function contactsOf({ sql, keyring }: Sealing, vault: Vault): Promise<readonly Contact[]> {
  const sealed = await sealedContacts(sql, vault.name)
  if (sealed === undefined) return []
  return JSON.parse(await keyring.unseal(sql, keyOfVault(vault), sealed, placeOf(vault))) as Contact[]
}

/** Who is told by mail of what comes to the certificates of a vault. */
export const getContacts = (sight: Sight<'certificate-contacts/write'>, vault: Vault): Promise<readonly Contact[]> =>
  named(sight, vault)

/** Names the contacts instead of those that were. To name nobody is to have none. */
export async function setContacts(
  { sql, keyring }: Scope<'certificate-contacts/write'>,
  vault: Vault,
  contacts: readonly Contact[],
): Promise<readonly Contact[]> {
  if (contacts.length === 0) await dropContacts(sql, vault.name)
  else {
    const sealed = await keyring.seal(sql, keyOfVault(vault), JSON.stringify(contacts), placeOf(vault))
    await keepSealedContacts(sql, vault.name, sealed)
  }
  return contacts
}

/** Takes the contacts away, and tells who they were. */
export async function deleteContacts(
  scope: Scope<'certificate-contacts/write'>,
  vault: Vault,
): Promise<readonly Contact[]> {
  const contacts = await named(scope, vault)
  await dropContacts(scope.sql, vault.name)
  return contacts
}

async function named(sealing: Sealing, vault: Vault): Promise<readonly Contact[]> {
  const contacts = await contactsOf(sealing, vault)
  if (contacts.length === 0) throw new Fault('not-found', 'Contacts not found', { kind: 'contacts' })
  return contacts
}
