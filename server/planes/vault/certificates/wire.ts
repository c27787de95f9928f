import type {
  CertificateBundle,
  CertificateItem,
  DeletedCertificateBundle,
  DeletedCertificateItem,
} from '@cardea/contract/vault/certificate-answers'
import type { Dialect } from '@cardea/contract/vault/versions'
import { Fault } from '#base/fault.ts'
import type {
  Certificate,
  CertificateDraft,
  CertificateVersion,
  DeletedCertificate,
} from '#core/certificates/certificate.ts'
import type { Deletion } from '#core/objects/object.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { attributesOf, deletionOf } from '../objects.ts'
import { pendingIdOf } from './operation-wire.ts'
import { policyOf } from './policy-wire.ts'

type Said = {
  readonly tags: Record<string, string> | undefined
  readonly attributes: { readonly enabled: boolean | undefined } | undefined
  readonly preserveCertOrder?: boolean | undefined
}

/** Key Vault's words into ours. */
export const draftFrom = ({ tags, attributes, preserveCertOrder }: Said): CertificateDraft => ({
  tags,
  enabled: attributes?.enabled,
  preservesOrder: preserveCertOrder,
})

/** Every certificate is a sequence, and its length needs more than one byte (X.690, 8.1.3). */
const isDer = (bytes: Buffer): boolean => bytes[0] === 0x30 && (bytes[1] ?? 0) > 0x80

/**
 * A certificate of `x5c`: base64 of DER (RFC 7515, 4.1.6). Some clients encode once more whatever they are given, which is mostly that
 * base64 already.
 */
export function derFrom(text: string, index: number): Buffer {
  const once = decoded(text)
  const der = once && !isDer(once) ? decoded(once.toString('latin1')) : once
  if (der !== undefined && isDer(der)) return der
  throw new Fault('invalid', `x5c[${index}] must be a certificate: base64 of its DER.`, { where: `x5c[${index}]` })
}

function decoded(text: string): Buffer | undefined {
  try {
    return Buffer.from(Uint8Array.fromBase64(text))
  } catch {
    return undefined
  }
}

const base64 = (der: Uint8Array): string => der.toBase64()

type Named = Pick<CertificateVersion, 'name' | 'version'>

const idOf = (origin: string, { name, version }: Named): string => `${origin}/certificates/${name}/${version}`

/** Ours into Key Vault's. Until it is issued, a certificate has neither a key nor a secret that anybody could ask for. */
export const bundleOf = (
  origin: string,
  vault: Vault,
  dialect: Dialect,
  certificate: Certificate,
): CertificateBundle => {
  const { name, version, der, thumbprint, tags, policy, hasOperation, preservesOrder } = certificate
  return {
    id: idOf(origin, certificate),
    kid: der && `${origin}/keys/${name}/${version}`,
    sid: der && `${origin}/secrets/${name}/${version}`,
    x5t: thumbprint,
    cer: der && base64(der),
    attributes: attributesOf(vault, dialect, certificate),
    tags,
    policy: policyOf(origin, name, policy),
    pending: hasOperation ? { id: pendingIdOf(origin, name) } : undefined,
    preserveCertOrder: preservesOrder,
  }
}

/** Lists of live certificates say nothing of recovery, as recorded of the service. */
const item = (id: string, vault: Vault, dialect: Dialect, certificate: CertificateVersion): CertificateItem => ({
  id,
  x5t: certificate.thumbprint,
  attributes: {
    ...attributesOf(vault, dialect, certificate),
    recoveryLevel: undefined,
    recoverableDays: undefined,
  },
  tags: certificate.tags,
})

/** A line of the list of certificates: the id has no version. */
export const itemOf = (
  origin: string,
  vault: Vault,
  dialect: Dialect,
  certificate: CertificateVersion,
): CertificateItem => item(`${origin}/certificates/${certificate.name}`, vault, dialect, certificate)

/** A line of the list of versions. */
export const versionItemOf = (
  origin: string,
  vault: Vault,
  dialect: Dialect,
  certificate: CertificateVersion,
): CertificateItem => item(idOf(origin, certificate), vault, dialect, certificate)

const recovery = (origin: string, certificate: { readonly name: string } & Deletion) =>
  deletionOf(`${origin}/deletedcertificates/${certificate.name}`, certificate)

/** The same of a deleted one, with how it is recovered and until when. */
export const deletedBundleOf = (
  origin: string,
  vault: Vault,
  dialect: Dialect,
  certificate: DeletedCertificate,
): DeletedCertificateBundle => ({
  ...recovery(origin, certificate),
  ...bundleOf(origin, vault, dialect, certificate),
})

/** What a list says of a deleted one. */
export const deletedItemOf = (
  origin: string,
  vault: Vault,
  dialect: Dialect,
  certificate: CertificateVersion & Deletion,
): DeletedCertificateItem => ({
  ...recovery(origin, certificate),
  ...itemOf(origin, vault, dialect, certificate),
  attributes: attributesOf(vault, dialect, certificate),
})
