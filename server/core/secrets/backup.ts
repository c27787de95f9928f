import { backupBytesMax } from '@cardea/contract/vault/secrets'
import { Fault } from '#base/fault.ts'
import { SealBroken } from '#base/seal.ts'
import type { Scope } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
import type { OpenSecret } from './secret.ts'

/**
 * A backup is a secret with all its versions, in a blob that only this installation opens: sealed by a key of its own to
 * what it holds and to the subscription that it came from. Where a blob lies and who carries it is its holder's affair.
 */
export type Backup = {
  /** The latest last. */
  readonly versions: readonly OpenSecret[]
}

/** More versions than this are not taken into one blob (Key Vault service limits). */
export const versionsMax = 500

const backupKey = 'backup'
/** A secret's blob opens as a secret's in its own subscription, and as nothing else. The number is the blob's format. */
const placeOf = ({ resourceId }: Vault): string => `backup/secret/1${resourceId.split('/', 3).join('/').toLowerCase()}`

/** What JSON puts around a blob. */
const wrappingMax = 64

type Sealing = Pick<Scope<never>, 'turn' | 'sql' | 'keyring'>

export async function sealBackup({ turn, sql, keyring }: Sealing, vault: Vault, backup: Backup): Promise<string> {
  await keyring.ensure(turn, backupKey)
  const blob = (await keyring.seal(sql, backupKey, JSON.stringify(backup), placeOf(vault))).toString('base64url')
  // A backup that could not be restored would be worse than none.
  if (blob.length + wrappingMax > backupBytesMax) {
    throw new Fault(
      'invalid',
      `This secret's backup would be larger than the ${backupBytesMax} bytes that restoring takes.`,
    )
  }
  return blob
}

/** What a blob holds. One that isn't ours, isn't whole or was altered is refused, and not told which. */
export async function openBackup({ turn, sql, keyring }: Sealing, vault: Vault, blob: string): Promise<Backup> {
  const sealed = Buffer.from(blob, 'base64url')
  // Decoding passes over what isn't base64url; a blob has one spelling. No more of what pads it is looked for than there can
  // be: from each of a million signs of it, a search for its end would go through all others.
  if (sealed.toString('base64url') !== blob.replace(/={1,2}$/, '')) throw malformed()
  await keyring.ensure(turn, backupKey)
  try {
    return JSON.parse(await keyring.unseal(sql, backupKey, sealed, placeOf(vault))) as Backup
  } catch (error) {
    if (error instanceof SealBroken) throw malformed()
    throw error
  }
}

const malformed = (): Fault =>
  new Fault('invalid', 'Backup blob contains invalid or corrupt version.', { kind: 'backup' })
