import type { KeyUsage } from '@cardea/contract/vault/certificates'
import type { Instant } from '#base/clock.ts'
import type { Sql } from '#base/sql.ts'
import type { Made } from '#core/keys/key.ts'
import { keyUnder, writeManagedKey } from '#core/keys/managed.ts'
import { newObject } from '#core/objects/object.ts'
import { newVersionId } from '#core/objects/objects.ts'
import type { Writing } from '#core/perform.ts'
import { secretUnder, writeManagedSecret } from '#core/secrets/managed.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { type CertificateDraft, type CertificateVersion, type Issued, isTaken, operationsOf } from './certificate.ts'
import { addVersion } from './certificate-rows.ts'
import { sealIssued, tellOf } from './holding.ts'
import { awaitLifetime } from './lifetime.ts'

/** A certificate that was issued, with its key and what its secret is to hold: made before the turn that keeps all three. */
export type Ready = {
  readonly issued: Issued
  /** What it says itself. */
  readonly says: {
    readonly notBefore: Instant
    readonly notAfter: Instant
    readonly thumbprint: string
    readonly keyUsage: readonly KeyUsage[]
  }
  readonly made: Made
  /** The chain, with the private key if that may leave. */
  readonly value: string
}

/** Refuses a name that a key or secret has which belongs to no certificate. */
export async function refuseTaken(sql: Sql, vault: Vault, name: string): Promise<void> {
  if ((await keyUnder(sql, vault, name)) === 'own') throw isTaken('key', name)
  if ((await secretUnder(sql, vault, name)) === 'own') throw isTaken('secret', name)
}

/** Keeps certificate, key and secret as the latest versions of their name, in one turn, and tells of them. */
export async function publish(
  writing: Writing,
  vault: Vault,
  name: string,
  draft: CertificateDraft,
  { issued, says, made, value }: Ready,
): Promise<CertificateVersion> {
  await refuseTaken(writing.sql, vault, name)
  const { enabled, tags } = draft
  const dates = { enabled, notBefore: says.notBefore, expires: says.notAfter }
  const object = newObject('certificate', name, newVersionId(), { ...dates, tags }, writing.at)
  const certificate = { ...object, thumbprint: says.thumbprint }
  const { version } = certificate
  await addVersion(writing.sql, vault.name, certificate, await sealIssued(writing, vault, certificate, issued))
  const operations = operationsOf(says.keyUsage, made.key.shape)
  await writeManagedKey(writing, vault, { name, version, ...dates, operations }, made)
  await writeManagedSecret(writing, vault, { name, version, ...dates, contentType: issued.contentType }, value)
  writing.tell(tellOf(vault, 'certificate-version-created', certificate))
  await awaitLifetime(writing, vault, certificate)
  return certificate
}
