import type { CertificateContacts } from '@cardea/contract/vault/contacts'
import type { Contact } from '#core/certificates/contacts.ts'

/** Whom a vault's certificates concern, in Key Vault's words. */
export const contactsOf = (origin: string, contacts: readonly Contact[]): CertificateContacts => ({
  id: `${origin}/certificates/contacts`,
  contacts,
})
