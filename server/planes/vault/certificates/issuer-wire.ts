import type { CertificateIssuer, CertificateIssuerItem, SaidIssuer } from '@cardea/contract/vault/issuers'
import { inSeconds } from '#base/clock.ts'
import type { Issuer, IssuerDraft } from '#core/certificates/issuers.ts'

/** Key Vault's words about an issuer into ours. */
export const issuerDraftFrom = ({ provider, credentials, org_details, attributes }: SaidIssuer): IssuerDraft => ({
  provider,
  account: credentials?.account_id,
  password: credentials?.pwd,
  organization: org_details?.id,
  admins: org_details?.admin_details?.map(({ first_name, last_name, email, phone }) => ({
    firstName: first_name,
    lastName: last_name,
    email,
    phone,
  })),
  enabled: attributes?.enabled,
})

/** Ours into Key Vault's. */
export const issuerItemOf = (origin: string, { name, provider }: Issuer): CertificateIssuerItem => ({
  id: `${origin}/certificates/issuers/${name}`,
  provider,
})

/** An issuer, without the password that was set. */
export const issuerOf = (origin: string, issuer: Issuer): CertificateIssuer => {
  const { account, organization, admins, enabled, created, updated } = issuer
  return {
    ...issuerItemOf(origin, issuer),
    credentials: account === undefined ? undefined : { account_id: account },
    org_details:
      organization === undefined && admins.length === 0
        ? undefined
        : {
            id: organization,
            zip: 0,
            admin_details: admins.map(({ firstName, lastName, email, phone }) => ({
              first_name: firstName,
              last_name: lastName,
              email,
              phone,
            })),
          },
    attributes: { enabled, created: inSeconds(created), updated: inSeconds(updated) },
  }
}
