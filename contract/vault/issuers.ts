import { operation } from '../operation.ts'
import { flag, list, nothing, optional, type Read, record, type Shape, text } from '../shape.ts'
import { mail, short } from './contacts.ts'
import { objectName, paged, reading } from './objects.ts'

/** Azure Key Vault: who issues a vault's certificates (REST API 7.0 to 2026-04-01). */

/** What an issuer is called; a policy names it by this. */
export const issuerName = objectName

const none = record({})
const ofIssuer = record({ issuer: issuerName })
const issuer = record({
  provider: optional(short),
  credentials: optional(record({ account_id: optional(short), pwd: optional(text({ maxCharacters: 1024 })) })),
  org_details: optional(
    record({
      id: optional(short),
      admin_details: optional(
        list(
          record({
            first_name: optional(short),
            last_name: optional(short),
            email: optional(mail),
            phone: optional(short),
          }),
          { maxItems: 100 },
        ),
      ),
    }),
  ),
  attributes: optional(record({ enabled: optional(flag) })),
})
export type SaidIssuer = Read<typeof issuer>
/** A new one names who provides it. */
const newIssuer: Shape<SaidIssuer & { provider: string }> = {
  read: (value, where) => ({ ...issuer.read(value, where), ...record({ provider: short }).read(value, where) }),
}

export const listCertificateIssuers = operation({
  ...reading,
  id: 'CertificateIssuersList',
  path: '/certificates/issuers',
  action: 'certificate-issuers/read',
  params: none,
  query: paged,
})

export const getCertificateIssuer = operation({
  ...reading,
  id: 'CertificateIssuerGet',
  path: '/certificates/issuers/:issuer',
  action: 'certificate-issuers/read',
  params: ofIssuer,
  query: none,
})

export const setCertificateIssuer = operation({
  id: 'CertificateIssuerSet',
  method: 'PUT',
  path: '/certificates/issuers/:issuer',
  since: '7.0',
  action: 'certificate-issuers/write',
  effect: 'write',
  params: ofIssuer,
  query: none,
  body: newIssuer,
  status: 200,
})

export const updateCertificateIssuer = operation({
  id: 'CertificateIssuerUpdate',
  method: 'PATCH',
  path: '/certificates/issuers/:issuer',
  since: '7.0',
  action: 'certificate-issuers/write',
  effect: 'write',
  params: ofIssuer,
  query: none,
  body: issuer,
  status: 200,
})

export const deleteCertificateIssuer = operation({
  id: 'CertificateIssuerDelete',
  method: 'DELETE',
  path: '/certificates/issuers/:issuer',
  since: '7.0',
  action: 'certificate-issuers/delete',
  effect: 'write',
  params: ofIssuer,
  query: none,
  body: nothing,
  status: 200,
})

export type CertificateIssuerItem = { id: string; provider: string }
/** Whoever set a password may write another, but not read it. */
export type CertificateIssuer = CertificateIssuerItem & {
  credentials?: { account_id?: string | undefined } | undefined
  org_details?:
    | {
        id?: string | undefined
        zip: 0
        admin_details: {
          first_name?: string | undefined
          last_name?: string | undefined
          email?: string | undefined
          phone?: string | undefined
        }[]
      }
    | undefined
  attributes: { enabled: boolean; created: number; updated: number }
}
