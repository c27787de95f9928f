import { backupBytesMax } from '@cardea/contract/vault/keys'
import { type Backup, openBackup, refuseRestoring, sealBackup, versionsToBackUp } from '#core/objects/backup.ts'
import {
  type Deletion,
  newObject,
  noSuchObject,
  type ObjectVersion,
  refuseManaged,
  withDraft,
} from '#core/objects/object.ts'
import type { Slice } from '#core/objects/object-tables.ts'
import {
  deletedObject,
  deleteObject,
  headForVersion,
  missing,
  newVersionId,
  purgeObject,
  recoverObject,
  settleObject,
} from '#core/objects/objects.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { type Held, heldOf, life, type OpenKey, openedOf, openKey, sealKey, tellOf } from './holding.ts'
import { type DeletedKey, type KeyDraft, type KeyVersion, type Made, natureOf } from './key.ts'
import { addVersion, keepVersion, keyTables } from './key-rows.ts'
import { awaitLifetime, forgetLifetime, keepPolicy, pauseLifetime, policyOf } from './lifetime.ts'
import type { RotationPolicy } from './rotation-policy.ts'
import { type Writing, write } from './writing.ts'

export { life, resourceOf } from './holding.ts'

const blobs = { kind: 'key', bytesMax: backupBytesMax } as const

/** Adds a version to a key, creating the key if this is its first. The key itself was made before, by whoever will keep it. */
export async function createKey(
  scope: Scope<'keys/create'> | Scope<'keys/import'>,
  vault: Vault,
  name: string,
  draft: KeyDraft,
  made: Made,
): Promise<KeyVersion> {
  const { sql, at, meet } = scope
  const head = await headForVersion(life, sql, vault, name, 'create')
  const object = newObject('key', head?.name ?? name, newVersionId(), draft, at)
  const version = { ...object, ...natureOf(made, draft) }
  meet(version.version)
  await write(scope, vault, { version, key: made.key })
  return version
}

/** A version's public part and attributes, the latest if none is named. Also of a disabled one: nothing secret is in them. */
export const getKey = async (
  sight: Sight<'keys/read'>,
  vault: Vault,
  name: string,
  version?: string,
): Promise<KeyVersion> => (await openVersion(sight, vault, name, version)).version

/** A live version with its key, for those who use it. */
export async function openVersion(
  { sql, keyring, meet }: Pick<Sight<never>, 'sql' | 'keyring' | 'meet'>,
  vault: Vault,
  name: string,
  version: string | undefined,
): Promise<OpenKey> {
  const kept = await keyTables.keptVersion(sql, vault.name, name, version)
  if (kept === undefined) throw noSuchObject('key', name, version)
  meet(kept.object.version)
  return openKey({ sql, keyring }, vault, kept)
}

/** Changes a version's attributes and what it may be used for, never the key. */
export async function updateKey(
  scope: Scope<'keys/update'>,
  vault: Vault,
  name: string,
  version: string | undefined,
  draft: KeyDraft,
): Promise<KeyVersion> {
  const { sql, at, meet, tell } = scope
  const kept = await keyTables.keptVersion(sql, vault.name, name, version)
  if (kept === undefined) throw await missing(life, sql, vault, name, version)
  refuseManaged('key', kept.object, 'update')
  meet(kept.object.version)
  const { version: before, key } = await openKey(scope, vault, kept)
  const changed = {
    ...withDraft('key', before, draft, at),
    operations: draft.operations ?? before.operations,
  }
  await keepVersion(sql, vault.name, changed, await sealKey(scope, vault, { version: changed, key }))
  tell(tellOf(vault, 'key-updated', changed))
  const isLatest = version === undefined || (await keyTables.headOf(sql, vault.name, name))?.version === changed.version
  if (isLatest) await awaitLifetime(scope, vault, changed)
  return changed
}

/** Deletes a name with all its versions; until its purge it can be recovered, and meanwhile nobody can use it. */
export async function deleteKey(
  scope: Scope<'keys/delete'>,
  vault: Vault,
  name: string,
  delayMs = 0,
): Promise<DeletedKey> {
  const { object, sealed } = await deleteObject(life, scope, vault, name, delayMs)
  refuseManaged('key', object, 'delete')
  await pauseLifetime(scope, vault, name)
  scope.tell(tellOf(vault, 'key-deleted', object))
  const { deleted, purge } = object
  return { ...(await openKey(scope, vault, { object, sealed })).version, deleted, purge }
}

/** A deleted name with its public part. */
export async function getDeletedKey(sight: Sight<'keys/read'>, vault: Vault, name: string): Promise<DeletedKey> {
  const { object, sealed } = await deletedObject(life, sight.sql, vault, name)
  const { deleted, purge } = object
  return { ...(await openKey(sight, vault, { object, sealed })).version, deleted, purge }
}

/** Makes a deleted name live again, with all its versions. */
export async function recoverKey(
  scope: Scope<'keys/recover'>,
  vault: Vault,
  name: string,
  delayMs = 0,
): Promise<KeyVersion> {
  const { isBack, ...kept } = await recoverObject(life, scope, vault, name, delayMs)
  refuseManaged('key', kept.object, 'recover')
  if (isBack) await broughtBack(scope, vault, kept.object)
  return (await openKey(scope, vault, kept)).version
}

async function broughtBack(writing: Writing, vault: Vault, key: ObjectVersion): Promise<void> {
  await awaitLifetime(writing, vault, key)
  writing.tell(tellOf(vault, 'key-recovered', key))
}

/** Takes a deleted name away for good: what it encrypted opens nowhere any more. With purge protection only time can. */
export async function purgeKey(scope: Scope<'keys/purge'>, vault: Vault, name: string, delayMs = 0): Promise<void> {
  const purged = await purgeObject(life, scope, vault, name, delayMs)
  refuseManaged('key', purged, 'purge')
  await forgetLifetime(scope, vault, name)
  scope.tell(tellOf(vault, 'key-purged', purged))
}

/** The delay of a change is over: now it is to be seen. */
export async function settleKey(writing: Writing, vault: Vault, name: string): Promise<void> {
  const back = await settleObject(life, writing.sql, vault, name)
  if (back !== undefined) await broughtBack(writing, vault, back)
}

/** A version in a backup, opened. */
type Copy = ObjectVersion & { readonly held: Held }

type Copies = Backup<Copy> & { readonly rotation?: RotationPolicy | undefined }

/** A live key with all its versions and its rotation policy, in a blob that only this installation opens. */
export async function backupKey(scope: Scope<'keys/backup'>, vault: Vault, name: string): Promise<string> {
  const versions: Copy[] = []
  for (const kept of await versionsToBackUp(life, scope.sql, vault, name)) {
    versions.push({ ...kept.object, held: heldOf(await openKey(scope, vault, kept)) })
  }
  const rotation = await policyOf(scope, vault, name)
  return sealBackup<Copies>(scope, blobs, vault, { versions, rotation })
}

/** Brings a key back from a blob, with its versions and its policy as they were, under its name, which must be free. */
export async function restoreKey(scope: Scope<'keys/restore'>, vault: Vault, blob: string): Promise<KeyVersion> {
  const { sql, tell } = scope
  const { versions: copies, rotation } = await openBackup<Copies>(scope, blobs.kind, vault, blob)
  const versions = copies.map(({ held, ...object }) => openedOf(object, held))
  const { version: latest } = versions.at(-1) as OpenKey
  await refuseRestoring(life, scope, 'keys/restore', vault, latest)
  for (const open of versions) await addVersion(sql, vault.name, open.version, await sealKey(scope, vault, open))
  if (rotation !== undefined) await keepPolicy(scope, vault, latest.name, rotation)
  await awaitLifetime(scope, vault, latest)
  tell(tellOf(vault, 'key-version-created', latest))
  return latest
}

/** Names in order, with the attributes of their latest version. */
export const listKeys = ({ sql }: Sight<'keys/read'>, vault: Vault, slice: Slice): Promise<ObjectVersion[]> =>
  keyTables.listHeads(sql, vault.name, { ...slice, deleted: false })

/** Deleted names in order. */
export const listDeletedKeys = (
  { sql }: Sight<'keys/read'>,
  vault: Vault,
  slice: Slice,
): Promise<(ObjectVersion & Deletion)[]> =>
  keyTables.listHeads(sql, vault.name, { ...slice, deleted: true }) as Promise<(ObjectVersion & Deletion)[]>

/** A name's versions in the order of their ids, as Key Vault lists them; none for a name that isn't there. */
export const listKeyVersions = (
  { sql }: Sight<'keys/read'>,
  vault: Vault,
  name: string,
  slice: Slice,
): Promise<ObjectVersion[]> => keyTables.listVersions(sql, vault.name, name, slice)
