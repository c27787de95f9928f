import type { CertificatePolicy } from '@cardea/contract/vault/certificate-answers'
import type { CertificateKeyType, SaidPolicy } from '@cardea/contract/vault/certificates'
import { inSeconds } from '#base/clock.ts'
import type { AsymmetricShape } from '#base/keys/key.ts'
import type { AlternativeNames } from '#base/x509/wanted.ts'
import { bitsOf, type KeyTerms, type LifetimeAction, type Policy, type PolicyDraft } from '#core/certificates/policy.ts'

/** What a caller says of the policy to make a certificate by: nothing, if its objects have no members. */
export const policySaid = (said: SaidPolicy | undefined): PolicyDraft | undefined =>
  said === undefined || saysNothing(said) ? undefined : policyDraftFrom(said)

const saysNothing = (said: unknown): boolean =>
  said === undefined ||
  (typeof said === 'object' && said !== null && !Array.isArray(said) && Object.values(said).every(saysNothing))

/** Key Vault's words about a policy into ours. An object without members says nothing, as if it weren't there. */
export function policyDraftFrom(said: SaidPolicy): PolicyDraft {
  const { key_props, secret_props, x509_props, lifetime_actions, issuer, attributes } = said
  return {
    key: key_props && keyDraftFrom(key_props),
    contentType: secret_props?.contentType,
    subject: x509_props?.subject,
    sans: x509_props?.sans && namesFrom(x509_props.sans),
    ekus: x509_props?.ekus,
    keyUsage: x509_props?.key_usage,
    ca: x509_props?.basic_constraints?.ca,
    validityMonths: x509_props?.validity_months,
    actions: lifetime_actions?.map(actionFrom),
    issuer: issuer && { name: issuer.name, type: issuer.cty, transparency: issuer.cert_transparency },
    enabled: attributes?.enabled,
  }
}

type SaidX509 = NonNullable<SaidPolicy['x509_props']>

function keyDraftFrom({
  exportable,
  kty,
  key_size: bits,
  reuse_key: reuse,
  crv: curve,
}: NonNullable<SaidPolicy['key_props']>): PolicyDraft['key'] {
  const kept = { exportable, bits, curve, reuse }
  if (kty === undefined) return kept
  const isInHsm = kty.endsWith('-HSM')
  return {
    ...kept,
    custody: isInHsm ? 'hsm' : 'software',
    type: kty.replace('-HSM', '') as AsymmetricShape['type'],
  }
}

/** All alternative names together are one thing to say. */
function namesFrom(sans: NonNullable<SaidX509['sans']>): AlternativeNames | undefined {
  const { emails, dns_names: dnsNames, upns, uris, ipAddresses } = sans
  const names = { emails, dnsNames, upns, uris, ipAddresses }
  return Object.values(names).some((some) => some !== undefined) ? names : undefined
}

const actionFrom = ({ trigger, action }: NonNullable<SaidPolicy['lifetime_actions']>[number]): LifetimeAction => ({
  type: action.action_type === 'AutoRenew' ? 'renew' : 'mail',
  percentage: trigger.lifetime_percentage,
  daysBefore: trigger.days_before_expiry,
})

/** Ours into Key Vault's: a policy as it stands says everything. */
export const policyOf = (origin: string, name: string, policy: Policy): CertificatePolicy => ({
  id: `${origin}/certificates/${name}/policy`,
  key_props: keyPropsOf(policy.key),
  secret_props: { contentType: policy.contentType },
  x509_props: {
    subject: policy.subject,
    sans: sansOf(policy.sans),
    ekus: policy.ekus,
    key_usage: policy.keyUsage,
    validity_months: policy.validityMonths,
    basic_constraints: { ca: policy.ca },
  },
  lifetime_actions: policy.actions.map(({ type, percentage, daysBefore }) => ({
    trigger: { lifetime_percentage: percentage, days_before_expiry: daysBefore },
    action: { action_type: type === 'renew' ? 'AutoRenew' : 'EmailContacts' },
  })),
  issuer: issuerTermsOf(policy.issuer),
  attributes: { enabled: policy.enabled, created: inSeconds(policy.created), updated: inSeconds(policy.updated) },
})

/** What a policy says of its issuer. */
export const issuerTermsOf = ({ name, type, transparency }: Policy['issuer']): CertificatePolicy['issuer'] => ({
  name,
  cty: type,
  cert_transparency: transparency,
})

const keyPropsOf = ({ exportable, custody, shape, reuse }: KeyTerms): CertificatePolicy['key_props'] => ({
  exportable,
  kty: (custody === 'hsm' ? `${shape.type}-HSM` : shape.type) satisfies CertificateKeyType,
  key_size: bitsOf(shape),
  reuse_key: reuse,
  crv: shape.type === 'EC' ? shape.curve : undefined,
})

/** A certificate without any says nothing of them. */
function sansOf(sans: AlternativeNames | undefined): CertificatePolicy['x509_props']['sans'] {
  if (sans === undefined || saysNothing(sans)) return undefined
  const { emails, dnsNames, upns, uris, ipAddresses } = sans
  return { emails, dns_names: dnsNames, upns, uris, ipAddresses }
}
