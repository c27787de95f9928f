import { actions } from '@cardea/contract/actions'
import { Fault } from '#base/fault.ts'
import { SealBroken } from '#base/seal.ts'
import type { Sql } from '#base/sql.ts'
import type { Scope } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { alreadyThere, noSuchObject, type ObjectKind, type ObjectVersion, refuseManaged, spoken } from './object.ts'
import type { Kept } from './object-tables.ts'
import { type Life, objectResource } from './objects.ts'

/**
 * A backup is an object with all its versions, and what else its kind keeps of it, in a blob that only this installation opens: sealed by a key of its own to
 * what it holds and to the subscription that it came from. Where a blob lies and who carries it is its holder's affair.
 */
export type Backup<V> = {
  /** The latest last. */
  readonly versions: readonly V[]
}

/** More versions than this are not taken into one blob (Key Vault service limits). */
const versionsMax = 500

const backupKey = 'backup'
/** A blob opens as an object of its kind in its own subscription, and as nothing else. The number is the blob's format. */
const placeOf = (kind: ObjectKind, { resourceId }: Vault): string =>
  `backup/${kind}/1${resourceId.split('/', 3).join('/').toLowerCase()}`

/** What JSON puts around a blob. */
const wrappingMax = 64

type Sealing = Pick<Scope<never>, 'turn' | 'sql' | 'keyring'>

/** Seals a backup; no larger than what restoring takes, in bytes of a request: one that could not be restored would be worse than none. */
export async function sealBackup<B extends Backup<unknown>>(
  { turn, sql, keyring }: Sealing,
  { kind, bytesMax }: { readonly kind: ObjectKind; readonly bytesMax: number },
  vault: Vault,
  backup: B,
): Promise<string> {
  await keyring.ensure(turn, backupKey)
  const blob = (await keyring.seal(sql, backupKey, JSON.stringify(backup), placeOf(kind, vault))).toString('base64url')
  if (blob.length + wrappingMax > bytesMax) {
    throw new Fault('invalid', `This ${kind}'s backup would be larger than the ${bytesMax} bytes that restoring takes.`)
  }
  return blob
}

/** What a blob holds. One that isn't ours, isn't whole or was altered is refused, and not told which. */
export async function openBackup<B extends Backup<unknown>>(
  { turn, sql, keyring }: Sealing,
  kind: ObjectKind,
  vault: Vault,
  blob: string,
): Promise<B> {
  const sealed = Buffer.from(blob, 'base64url')
  // Decoding passes over what isn't base64url; a blob has one spelling. No more of what pads it is looked for than there can
  // be: from each of a million signs of it, a search for its end would go through all others.
  if (sealed.toString('base64url') !== blob.replace(/={1,2}$/, '')) throw malformed()
  await keyring.ensure(turn, backupKey)
  try {
    return JSON.parse(await keyring.unseal(sql, backupKey, sealed, placeOf(kind, vault))) as B
  } catch (error) {
    if (error instanceof SealBroken) throw malformed()
    throw error
  }
}

/** All versions of a live name, for a backup; the latest last. What belongs to a certificate goes into that one's. */
export async function versionsToBackUp<V extends ObjectVersion>(
  { kind, tables }: Life<V>,
  sql: Sql,
  vault: Vault,
  name: string,
): Promise<readonly Kept<V>[]> {
  const head = await tables.headOf(sql, vault.name, name)
  if (head === undefined || head.deletion !== undefined) throw noSuchObject(kind, name)
  refuseManaged(kind, head, 'backup')
  const kept = await tables.keptVersions(sql, vault.name, name, versionsMax + 1)
  if (kept.length > versionsMax) {
    throw new Fault(
      'invalid',
      `${spoken[kind]} ${head.name} has more than ${versionsMax} versions; it can't be backed up.`,
    )
  }
  const isLatest = ({ object }: Kept<V>) => Number(object.version === head.version)
  return kept.toSorted((a, b) => isLatest(a) - isLatest(b))
}

/**
 * Sees that a backup may be restored here: which object it is stands in the blob, so only now can be asked whether the
 * caller may restore that one, and its name must be free.
 */
export async function refuseRestoring<
  V extends ObjectVersion,
  A extends 'secrets/restore' | 'keys/restore' | 'certificates/restore',
>(
  { kind, tables }: Life<V>,
  { sql, permit, meet }: Scope<A>,
  action: A,
  vault: Vault,
  { name, version }: ObjectVersion,
): Promise<void> {
  const resource = objectResource(kind, vault, name)
  meet(`${resource.slice(vault.resourceId.length + 1)}/${version}`)
  if (!permit.allows(action, resource)) {
    throw new Fault('forbidden', 'Caller is not authorized to perform action on resource.', {
      action: actions[action],
      resource: resource.toLowerCase(),
    })
  }
  const head = await tables.headOf(sql, vault.name, name)
  if (head !== undefined) throw alreadyThere(kind, head.name)
}

const malformed = (): Fault =>
  new Fault('invalid', 'Backup blob contains invalid or corrupt version.', { kind: 'backup' })
