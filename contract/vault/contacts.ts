import { operation } from '../operation.ts'
import { list, nothing, optional, record, text } from '../shape.ts'
import { reading } from './objects.ts'

/** Azure Key Vault: who is told of a vault's certificates (REST API 7.0 to 2026-04-01). */

/** What is said of a person in a line. */
export const short = text({ maxCharacters: 256 })
export const mail = text({ maxCharacters: 254, pattern: /^[^\s@]+@[^\s@]+$/, wanted: 'a mail address' })

const none = record({})

export const getCertificateContacts = operation({
  ...reading,
  id: 'CertificateContactsGet',
  path: '/certificates/contacts',
  action: 'certificate-contacts/write',
  params: none,
  query: none,
})

export const setCertificateContacts = operation({
  id: 'CertificateContactsSet',
  method: 'PUT',
  path: '/certificates/contacts',
  since: '7.0',
  action: 'certificate-contacts/write',
  effect: 'write',
  params: none,
  query: none,
  body: record({
    contacts: list(record({ email: mail, name: optional(short), phone: optional(short) }), { maxItems: 100 }),
  }),
  status: 200,
})

export const deleteCertificateContacts = operation({
  id: 'CertificateContactsDelete',
  method: 'DELETE',
  path: '/certificates/contacts',
  since: '7.0',
  action: 'certificate-contacts/write',
  effect: 'write',
  params: none,
  query: none,
  body: nothing,
  status: 200,
})

export type CertificateContacts = {
  id: string
  contacts: readonly { email: string; name?: string | undefined; phone?: string | undefined }[]
}
