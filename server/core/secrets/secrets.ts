import { actions } from '@cardea/contract/actions'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { scheduleAt, unschedule } from '#core/schedule/schedule.ts'
import { keyOfVault, purgeDate, type Vault } from '#core/vaults/vault.ts'
import { openBackup, sealBackup, versionsMax } from './backup.ts'
import { forgetDerivation, linksOf } from './derivation-rows.ts'
import { makeAnew, makeUpToDate } from './derivations.ts'
import { awaitExpiry, forgetExpiry, nextNotice, noticesDue } from './expiry.ts'
import {
  alreadyThere,
  type DeletedSecret,
  type Draft,
  isDeleted,
  isDerived,
  isUnsettled,
  nameKey,
  newVersion,
  noSuchDeletedSecret,
  noSuchSecret,
  type OpenSecret,
  refuseDisabled,
  type SecretVersion,
  withAttributes,
} from './secret.ts'
import {
  addVersion,
  deletedVersion,
  headOf,
  keepAttributes,
  keptVersion,
  keptVersions,
  listHeads,
  listVersions,
  markDeleted,
  removeName,
  removeVersions,
} from './secret-rows.ts'
import { newVersionId, placeOf, resourceOf, subjectOf, tellOf, tellReferrers, type Writing, write } from './writing.ts'

export { resourceOf, subjectOf } from './writing.ts'

/** The kind under which a deleted secret waits for its purge. */
export const purging = 'purge-secret'
/** The kind under which a change waits to be seen, where the service's delays are reproduced. */
export const settling = 'settle-secret'

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
  const head = await headOf(sql, vault.name, name)
  if (head?.settling !== undefined) throw isUnsettled(head.name, head.settling, 'name')
  if (head?.deletion !== undefined) throw isDeleted(head.name)
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
  if (kept === undefined) throw noSuchSecret(name, version)
  meet(kept.secret.version)
  refuseDisabled(kept.secret)
  const place = placeOf(vault, name, kept.secret.version)
  return { ...kept.secret, value: await keyring.unseal(sql, keyOfVault(vault), kept.sealed, place) }
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
  if (kept !== undefined) return { latest: kept.secret, deleted: false }
  const found = await deletedVersion(sql, vault.name, name)
  return found && { latest: found.secret, deleted: true }
}

/** Changes a version's attributes, never its value. */
export async function updateSecret(
  scope: Scope<'secrets/update'>,
  vault: Vault,
  name: string,
  version: string | undefined,
  draft: Draft,
): Promise<SecretVersion> {
  const { sql, at, turn, tell } = scope
  const kept = await keptVersion(sql, vault.name, name, version)
  if (kept === undefined) throw await missing(sql, vault, name, version)
  const secret = withAttributes(kept.secret, draft, at)
  await keepAttributes(sql, vault.name, secret)
  tell(tellOf(vault, 'secret-updated', secret))
  const latest = version === undefined || (await headOf(sql, vault.name, name))?.version === secret.version
  if (latest) await awaitExpiry(turn, subjectOf(vault, name), secret)
  await tellReferrers({ sql, tell }, vault, secret, { latest, all: false })
  if (latest && secret.enabled !== kept.secret.enabled) await makeAnew(scope, vault, name)
  return secret
}

/** Why a change finds no live secret: it may yet come back from its deletion. */
async function missing(sql: Sql, vault: Vault, name: string, version?: string): Promise<Fault> {
  const head = await headOf(sql, vault.name, name)
  return head?.settling === 'recovering' ? isUnsettled(head.name, head.settling) : noSuchSecret(name, version)
}

/** Has what is under way with a name seen after a while. */
const seenAfter = (delayMs: number, { turn, at }: Pick<Scope<never>, 'turn' | 'at'>, vault: Vault, name: string) =>
  scheduleAt(turn, settling, subjectOf(vault, name), at + delayMs)

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
  const { sql, at, turn, tell } = scope
  const kept = await keptVersion(sql, vault.name, name, undefined)
  if (kept === undefined) throw await missing(sql, vault, name)
  const deletion = { deleted: at, purge: purgeDate(vault, at) }
  await markDeleted(sql, vault.name, name, deletion, delayMs > 0 ? 'deleting' : undefined)
  if (delayMs > 0) await seenAfter(delayMs, { turn, at }, vault, name)
  await scheduleAt(turn, purging, subjectOf(vault, name), deletion.purge)
  tell(tellOf(vault, 'secret-deleted', kept.secret))
  await tellReferrers({ sql, tell }, vault, kept.secret, { latest: true, all: true })
  await makeAnew(scope, vault, name)
  return { ...kept.secret, ...deletion }
}

/** A deleted name, without its value; of a disabled one the service shows nothing at all (reference 8.1). */
export async function getDeletedSecret(
  { sql }: Sight<'secrets/list'>,
  vault: Vault,
  name: string,
): Promise<DeletedSecret> {
  const found = await deletedVersion(sql, vault.name, name)
  if (found === undefined || found.settling !== undefined) throw noSuchDeletedSecret(name)
  refuseDisabled(found.secret)
  return found.secret
}

/** Makes a deleted name live again, with all its versions. */
export async function recoverSecret(
  scope: Scope<'secrets/recover'>,
  vault: Vault,
  name: string,
  delayMs = 0,
): Promise<SecretVersion> {
  const { sql, at, turn } = scope
  const found = await deletedVersion(sql, vault.name, name)
  // Key Vault says this one in the words for a live secret (reference 8.1).
  if (found === undefined) throw noSuchSecret(name)
  if (found.settling !== undefined) throw isUnsettled(found.secret.name, found.settling)
  const { deleted, purge, ...secret } = found.secret
  await unschedule(turn, purging, subjectOf(vault, name))
  if (delayMs > 0) {
    await markDeleted(sql, vault.name, name, { deleted, purge }, 'recovering')
    await seenAfter(delayMs, { turn, at }, vault, name)
  } else await bringBack(scope, vault, secret)
  return secret
}

async function bringBack(writing: Writing, vault: Vault, secret: SecretVersion): Promise<void> {
  const { sql, turn, tell } = writing
  await markDeleted(sql, vault.name, secret.name, undefined)
  await awaitExpiry(turn, subjectOf(vault, secret.name), secret)
  tell(tellOf(vault, 'secret-recovered', secret))
  await tellReferrers({ sql, tell }, vault, secret, { latest: true, all: true })
  await makeUpToDate(writing, vault, secret.name)
}

/** Takes a deleted name away for good. With purge protection only time can. */
export async function purgeSecret(
  { sql, at, turn, tell }: Scope<'secrets/purge'>,
  vault: Vault,
  name: string,
  delayMs = 0,
): Promise<void> {
  const found = await deletedVersion(sql, vault.name, name)
  if (found === undefined) throw noSuchDeletedSecret(name)
  const { secret } = found
  if (found.settling !== undefined) throw isUnsettled(secret.name, found.settling)
  if (vault.purgeProtection && at < secret.purge) {
    throw new Fault('protected', 'Purge protection is enabled for this vault.', {
      vault: vault.name,
      location: vault.location,
    })
  }
  await removeVersions(sql, vault.name, name)
  await forgetDerivation(sql, vault.name, nameKey(name))
  await forgetExpiry(turn, vault.name, nameKey(name))
  await unschedule(turn, purging, subjectOf(vault, name))
  // The values are gone at once; what takes its time is that the name is free.
  if (delayMs > 0) {
    await markDeleted(sql, vault.name, name, secret, 'purging')
    await seenAfter(delayMs, { turn, at }, vault, name)
  } else await removeName(sql, vault.name, name)
  tell(tellOf(vault, 'secret-purged', secret))
}

/**
 * Tells that a secret's latest version nears its end, or has come to it, each once for a version and a date. Gives when
 * there may be more to tell. A version that is disabled or deleted ends in silence, until it is used again.
 */
export async function tellExpiry(
  { turn, tell }: Pick<Writing, 'turn' | 'tell'>,
  vault: Vault,
  name: string,
): Promise<Instant | undefined> {
  const standing = await standingOf(turn.sql, vault, name)
  if (standing === undefined || standing.deleted || !standing.latest.enabled) return undefined
  const { latest } = standing
  for (const type of await noticesDue(turn, { vault: vault.name, nameKey: nameKey(name) }, latest)) {
    tell(tellOf(vault, type, latest))
  }
  return nextNotice(latest, turn.at)
}

/** The delay of a change is over: now it is to be seen. The change itself was allowed and written down when it was asked for. */
export async function settleSecret(writing: Writing, vault: Vault, name: string) {
  const { sql } = writing
  const head = await headOf(sql, vault.name, name)
  if (head?.settling === 'deleting') await markDeleted(sql, vault.name, name, head.deletion)
  else if (head?.settling === 'purging') await removeName(sql, vault.name, name)
  else if (head?.settling === 'recovering') {
    const found = await deletedVersion(sql, vault.name, name)
    if (found !== undefined) await bringBack(writing, vault, found.secret)
  }
}

/** A live secret with all its versions, in a blob that only this installation opens. */
export async function backupSecret(scope: Scope<'secrets/backup'>, vault: Vault, name: string): Promise<string> {
  const { sql, keyring } = scope
  const head = await headOf(sql, vault.name, name)
  if (head === undefined || head.deletion !== undefined) throw noSuchSecret(name)
  const kept = await keptVersions(sql, vault.name, name, versionsMax + 1)
  if (kept.length > versionsMax) {
    throw new Fault('invalid', `Secret ${head.name} has more than ${versionsMax} versions; it can't be backed up.`)
  }
  const versions: OpenSecret[] = []
  for (const { secret, sealed } of kept) {
    const value = await keyring.unseal(sql, keyOfVault(vault), sealed, placeOf(vault, name, secret.version))
    versions.push({ ...secret, value })
  }
  const latestLast = versions.toSorted(
    (a, b) => Number(a.version === head.version) - Number(b.version === head.version),
  )
  return sealBackup(scope, vault, { versions: latestLast })
}

/**
 * Brings a secret back from a blob, with its versions as they were, under its name, which must be free. Which secret it is
 * stands in the blob: only now can be asked whether the caller may restore that one.
 */
export async function restoreSecret(
  scope: Scope<'secrets/restore'>,
  vault: Vault,
  blob: string,
): Promise<SecretVersion> {
  const { sql, turn, keyring, permit, tell, meet } = scope
  const { versions } = await openBackup(scope, vault, blob)
  const latest = versions.at(-1) as OpenSecret
  meet(`secrets/${latest.name}/${latest.version}`)
  const resource = resourceOf(vault, latest.name)
  if (!permit.allows('secrets/restore', resource)) {
    throw new Fault('forbidden', 'Caller is not authorized to perform action on resource.', {
      action: actions['secrets/restore'],
      resource: resource.toLowerCase(),
    })
  }
  const head = await headOf(sql, vault.name, latest.name)
  if (head !== undefined) throw alreadyThere(head.name)
  for (const { value, ...secret } of versions) {
    const place = placeOf(vault, secret.name, secret.version)
    await addVersion(sql, vault.name, secret, await keyring.seal(sql, keyOfVault(vault), value, place), undefined)
  }
  const { value, ...restored } = latest
  await awaitExpiry(turn, subjectOf(vault, restored.name), restored)
  tell(tellOf(vault, 'secret-version-created', restored))
  await tellReferrers({ sql, tell }, vault, restored, { latest: true, all: true })
  await makeAnew(scope, vault, restored.name)
  return restored
}

export type Slice = { readonly after: string | undefined; readonly limit: number }

/** Names in order, with the attributes of their latest version. */
export const listSecrets = ({ sql }: Sight<'secrets/list'>, vault: Vault, slice: Slice): Promise<SecretVersion[]> =>
  listHeads(sql, vault.name, { ...slice, deleted: false })

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
