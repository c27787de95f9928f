import { backupBytesMax } from '@cardea/contract/vault/secrets'
import type { Instant } from '#base/clock.ts'
import type { Sql } from '#base/sql.ts'
import { type Backup, openBackup, refuseRestoring, sealBackup, versionsToBackUp } from '#core/objects/backup.ts'
import { awaitExpiry, forgetExpiry, tellExpiry } from '#core/objects/expiry.ts'
import { sealHeld } from '#core/objects/held.ts'
import { nameKey, noSuchObject, refuseManaged } from '#core/objects/object.ts'
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
import type { Scope, Sight, Writing } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { forgetDerivation, linksOf } from './derivation-rows.ts'
import { makeAnew, makeUpToDate, tellOfAll } from './making.ts'
import {
  type DeletedSecret,
  type Draft,
  isDerived,
  newVersion,
  type OpenSecret,
  refuseDisabled,
  type SecretVersion,
  withAttributes,
} from './secret.ts'
import { addVersion, keepAttributes, secretTables } from './secret-rows.ts'
import { life, openValue, subjectOf, tellOf, tellReferrers, write } from './writing.ts'

export { life, resourceOf, subjectOf } from './writing.ts'

const { headOf, keptVersion, deletedVersion, listHeads, listVersions } = secretTables
const blobs = { kind: 'secret', bytesMax: backupBytesMax } as const

/**
 * Adds a version to a secret, creating the secret if this is its first. `rotation` names the rotation that made the
 * value, if one did: no rotation can make two.
 */
export async function setSecret(
  scope: Scope<'secrets/set'>,
  vault: Vault,
  name: string,
  value: string,
  draft: Draft,
  rotation?: string,
): Promise<OpenSecret> {
  const { sql, at, meet } = scope
  const links = await linksOf(sql, vault.name, nameKey(name))
  if (links.parts.length > 0) throw isDerived(name)
  const head = await headForVersion(life, sql, vault, name, 'set')
  const secret = newVersion(head?.name ?? name, newVersionId(), draft, at, head?.version)
  meet(secret.version)
  const written = await write(scope, vault, secret, value, rotation)
  if (links.made.length > 0) await makeAnew(scope, vault, name)
  return written
}

/** A version's value and attributes, the latest if none is named. */
export async function getSecret(
  { sql, keyring, meet }: Sight<'secrets/get'>,
  vault: Vault,
  name: string,
  version?: string,
): Promise<OpenSecret> {
  const kept = await keptVersion(sql, vault.name, name, version)
  if (kept === undefined) throw noSuchObject('secret', name, version)
  meet(kept.object.version)
  refuseDisabled(kept.object)
  return { ...kept.object, value: await openValue({ sql, keyring }, vault, kept) }
}

/**
 * How a name stands, for those who keep step with it inside a turn and hand nothing out: its latest version and whether
 * it is deleted. Undefined if there is no such secret, or no longer.
 */
export async function standingOf(
  sql: Sql,
  vault: Vault,
  name: string,
): Promise<{ readonly latest: SecretVersion; readonly deleted: boolean } | undefined> {
  const kept = await keptVersion(sql, vault.name, name, undefined)
  if (kept !== undefined) return { latest: kept.object, deleted: false }
  const found = await deletedVersion(sql, vault.name, name)
  return found && { latest: found.object, deleted: true }
}

/** Changes a version's attributes, never its value. */
export async function updateSecret(
  scope: Scope<'secrets/update'>,
  vault: Vault,
  name: string,
  version: string | undefined,
  draft: Draft,
): Promise<SecretVersion> {
  const { sql, at, turn, meet, tell } = scope
  const kept = await keptVersion(sql, vault.name, name, version)
  if (kept === undefined) throw await missing(life, sql, vault, name, version)
  refuseManaged('secret', kept.object, 'update')
  meet(kept.object.version)
  const secret = withAttributes(kept.object, draft, at)
  await keepAttributes(sql, vault.name, secret)
  tell(tellOf(vault, 'secret-updated', secret))
  const latest = version === undefined || (await headOf(sql, vault.name, name))?.version === secret.version
  if (latest) await awaitExpiry(life, turn, subjectOf(vault, name), secret)
  await tellReferrers({ sql, tell }, vault, secret, { latest, all: false })
  if (latest && secret.enabled !== kept.object.enabled) await makeAnew(scope, vault, name)
  return secret
}

/**
 * Deletes a name with all its versions; until its purge it can be recovered. A delay is for tests of clients: until it is
 * over the deleted secret isn't to be seen.
 */
export async function deleteSecret(
  scope: Scope<'secrets/delete'>,
  vault: Vault,
  name: string,
  delayMs = 0,
): Promise<DeletedSecret> {
  const { object: deleted } = await deleteObject(life, scope, vault, name, delayMs)
  refuseManaged('secret', deleted, 'delete')
  await tellOfAll(scope, vault, 'secret-deleted', deleted)
  return deleted
}

/** A deleted name, without its value; of a disabled one the service shows nothing at all, as its recorded answers tell. */
export async function getDeletedSecret(
  { sql }: Sight<'secrets/list'>,
  vault: Vault,
  name: string,
): Promise<DeletedSecret> {
  const { object: deleted } = await deletedObject(life, sql, vault, name)
  refuseDisabled(deleted)
  return deleted
}

/** Makes a deleted name live again, with all its versions. */
export async function recoverSecret(
  scope: Scope<'secrets/recover'>,
  vault: Vault,
  name: string,
  delayMs = 0,
): Promise<SecretVersion> {
  const { object: secret, isBack } = await recoverObject(life, scope, vault, name, delayMs)
  refuseManaged('secret', secret, 'recover')
  if (isBack) await broughtBack(scope, vault, secret)
  return secret
}

async function broughtBack(writing: Writing, vault: Vault, secret: SecretVersion): Promise<void> {
  const { sql, turn, tell } = writing
  await awaitExpiry(life, turn, subjectOf(vault, secret.name), secret)
  tell(tellOf(vault, 'secret-recovered', secret))
  await tellReferrers({ sql, tell }, vault, secret, { latest: true, all: true })
  await makeUpToDate(writing, vault, secret.name)
}

/** Takes a deleted name away for good. With purge protection only time can. */
export async function purgeSecret(
  scope: Scope<'secrets/purge'>,
  vault: Vault,
  name: string,
  delayMs = 0,
): Promise<void> {
  const { sql, turn, tell } = scope
  const purged = await purgeObject(life, scope, vault, name, delayMs)
  refuseManaged('secret', purged, 'purge')
  await forgetDerivation(sql, vault.name, nameKey(name))
  await forgetExpiry(life, turn, vault, name)
  tell(tellOf(vault, 'secret-purged', purged))
}

/** Tells of the end of a secret's latest version what is to be told by now, and gives when there may be more. */
export const tellSecretExpiry = (
  { turn, tell }: Pick<Writing, 'turn' | 'tell'>,
  vault: Vault,
  name: string,
): Promise<Instant | undefined> =>
  tellExpiry(life, { turn, tell: (type, secret) => tell(tellOf(vault, type, secret)) }, vault, name)

/** The delay of a change is over: now it is to be seen. The change itself was allowed and written down when it was asked for. */
export async function settleSecret(writing: Writing, vault: Vault, name: string): Promise<void> {
  const back = await settleObject(life, writing.sql, vault, name)
  if (back !== undefined) await broughtBack(writing, vault, back)
}

/** A live secret with all its versions, in a blob that only this installation opens. */
export async function backupSecret(scope: Scope<'secrets/backup'>, vault: Vault, name: string): Promise<string> {
  const versions: OpenSecret[] = []
  for (const kept of await versionsToBackUp(life, scope.sql, vault, name)) {
    versions.push({ ...kept.object, value: await openValue(scope, vault, kept) })
  }
  return sealBackup(scope, blobs, vault, { versions })
}

/** Brings a secret back from a blob, with its versions as they were, under its name, which must be free. */
export async function restoreSecret(
  scope: Scope<'secrets/restore'>,
  vault: Vault,
  blob: string,
): Promise<SecretVersion> {
  const { sql, turn } = scope
  const { versions } = await openBackup<Backup<OpenSecret>>(scope, blobs.kind, vault, blob)
  const { value: _, ...restored } = versions.at(-1) as OpenSecret
  await refuseRestoring(life, scope, 'secrets/restore', vault, restored)
  for (const { value, ...secret } of versions) {
    await addVersion(sql, vault.name, secret, await sealHeld(scope, 'secret', vault, secret, value), undefined)
  }
  await awaitExpiry(life, turn, subjectOf(vault, restored.name), restored)
  await tellOfAll(scope, vault, 'secret-version-created', restored)
  return restored
}

/** Names in order, with the attributes of their latest version. */
export const listSecrets = ({ sql }: Sight<'secrets/list'>, vault: Vault, slice: Slice): Promise<SecretVersion[]> =>
  listHeads(sql, vault.name, { ...slice, deleted: false })

/** Deleted names in order, with the attributes of their latest version. */
export const listDeletedSecrets = (
  { sql }: Sight<'secrets/list'>,
  vault: Vault,
  slice: Slice,
): Promise<DeletedSecret[]> => listHeads(sql, vault.name, { ...slice, deleted: true }) as Promise<DeletedSecret[]>

/** A name's versions in the order of their ids, as Key Vault lists them; none for a name that isn't there. */
export const listSecretVersions = (
  { sql }: Sight<'secrets/list'>,
  vault: Vault,
  name: string,
  slice: Slice,
): Promise<SecretVersion[]> => listVersions(sql, vault.name, name, slice)
