import { certificateBackupBytesMax } from '@cardea/contract/vault/certificates'
import { copyManagedKey, type KeyCopy, restoreManagedKey } from '#core/keys/managed.ts'
import { type Backup, openBackup, refuseRestoring, sealBackup, versionsToBackUp } from '#core/objects/backup.ts'
import type { Scope } from '#core/perform.ts'
import { copyManagedSecret, restoreManagedSecret } from '#core/secrets/managed.ts'
import type { OpenSecret } from '#core/secrets/secret.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { liveCertificate } from './asking.ts'
import type { Certificate, CertificateVersion } from './certificate.ts'
import { addVersion } from './certificate-rows.ts'
import {
  type Held,
  heldOf,
  issuedOf,
  keepPolicy,
  life,
  openCertificate,
  openIssued,
  sealIssued,
  tellOf,
} from './holding.ts'
import { awaitLifetime } from './lifetime.ts'
import type { Policy } from './policy.ts'
import { refuseTaken } from './publishing.ts'

const blobs = { kind: 'certificate', bytesMax: certificateBackupBytesMax } as const

/** A version in a backup with its key and its secret; without them as long as it is still to be issued. */
type Copy = CertificateVersion & {
  readonly held: Held
  readonly kept: { readonly key: KeyCopy; readonly secret: OpenSecret } | undefined
}
type Copies = Backup<Copy> & { readonly policy: Policy }

/** A live certificate with its policy, and all versions with keys and secrets, in a blob that only this installation opens. */
export async function backupCertificate(
  scope: Scope<'certificates/backup'>,
  vault: Vault,
  name: string,
): Promise<string> {
  const versions: Copy[] = []
  for (const kept of await versionsToBackUp(life, scope.sql, vault, name)) {
    const { version, thumbprint } = kept.object
    versions.push({
      ...kept.object,
      held: heldOf(await openIssued(scope, vault, kept)),
      kept: thumbprint === undefined ? undefined : await copiesOf(scope, vault, name, version),
    })
  }
  const { policy } = await liveCertificate(scope, vault, name)
  return sealBackup<Copies>(scope, blobs, vault, { versions, policy })
}

const copiesOf = async (scope: Scope<'certificates/backup'>, vault: Vault, name: string, version: string) => ({
  key: await copyManagedKey(scope, vault, name, version),
  secret: await copyManagedSecret(scope, vault, name, version),
})

/** Brings a certificate back from a blob with its key and its secret, under its name, which must be free for all three. */
export async function restoreCertificate(
  scope: Scope<'certificates/restore'>,
  vault: Vault,
  blob: string,
): Promise<Certificate> {
  const { versions, policy } = await openBackup<Copies>(scope, blobs.kind, vault, blob)
  const latest = versions.at(-1)
  if (latest === undefined) throw new Error('A backup of no version was sealed')
  await refuseRestoring(life, scope, 'certificates/restore', vault, latest)
  await refuseTaken(scope.sql, vault, latest.name)
  for (const { held, kept, ...certificate } of versions) {
    const sealed = await sealIssued(scope, vault, certificate, issuedOf(held))
    await addVersion(scope.sql, vault.name, certificate, sealed)
    if (kept === undefined) continue
    await restoreManagedKey(scope, vault, kept.key)
    await restoreManagedSecret(scope, vault, kept.secret, certificate.version === latest.version)
  }
  await keepPolicy(scope, vault, latest.name, policy)
  await awaitLifetime(scope, vault, latest)
  scope.tell(tellOf(vault, 'certificate-version-created', latest))
  const { kept } = await liveCertificate(scope, vault, latest.name)
  return openCertificate(scope, vault, kept)
}
