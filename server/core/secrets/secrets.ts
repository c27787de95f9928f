import { randomUUID } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { referrersOf } from '#core/configuration/configuration.ts'
import type { Event } from '#core/events/event.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { scheduleAt, unschedule } from '#core/schedule/schedule.ts'
import { keyOfVault, purgeDate, type Vault } from '#core/vaults/vault.ts'
import {
  type DeletedSecret,
  type Draft,
  isDeleted,
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
  listHeads,
  listVersions,
  markDeleted,
  removeSecret,
} from './secret-rows.ts'

/** The kind under which a deleted secret waits for its purge. */
export const purging = 'purge-secret'

export const resourceOf = (vault: Vault, name: string): string => `${vault.resourceId}/secrets/${name}`
/** The subject of a secret in the due-index. */
export const subjectOf = (vault: Vault, name: string): string => `${vault.name}/${nameKey(name)}`

/** A value is sealed to its place, so that it opens nowhere else. */
const placeOf = (vault: Vault, name: string, version: string): string =>
  `${resourceOf(vault, nameKey(name))}/${version}`

const newVersionId = (): string => randomUUID().replaceAll('-', '')

function tellOf(vault: Vault, type: Event['type'], { name, version }: { name: string; version: string }): Event {
  return { type, scope: vault.resourceId, resource: resourceOf(vault, name), name, version }
}

type Telling = Pick<Scope<never>, 'sql' | 'tell'>
/**
 * A change of a secret is a change of every setting that points at it: of those that follow the latest version when
 * that is another or itself has changed, and of those pinned to a version when it has, or when all have. Which version
 * it is isn't told: who may read the setting need not be one who may read the secret.
 */
async function tellReferrers(
  { sql, tell }: Telling,
  vault: Vault,
  { name, version }: { readonly name: string; readonly version: string },
  changed: { readonly latest: boolean; readonly all: boolean },
): Promise<void> {
  for (const { scope, key, label, version: pinned } of await referrersOf(sql, vault.name, name)) {
    if (pinned === undefined ? !changed.latest : !changed.all && pinned !== version) continue
    tell({
      type: 'setting-target-changed',
      scope,
      resource: scope,
      name: key,
      ...(label !== undefined && { label }),
    })
  }
}

/**
 * Adds a version to a secret, creating the secret if this is its first. `rotation` names the rotation that made the
 * value, if one did: no rotation can make two.
 */
export async function setSecret(
  { sql, at, keyring, tell, meet }: Scope<'secrets/set'>,
  vault: Vault,
  name: string,
  value: string,
  draft: Draft,
  rotation?: string,
): Promise<OpenSecret> {
  const head = await headOf(sql, vault.name, name)
  if (head?.deletion !== undefined) throw isDeleted(head.name)
  const secret = newVersion(head?.name ?? name, newVersionId(), draft, at)
  const sealed = await keyring.seal(sql, keyOfVault(vault), value, placeOf(vault, name, secret.version))
  await addVersion(sql, vault.name, secret, sealed, { previous: head?.version, rotation })
  meet(secret.version)
  tell(tellOf(vault, 'secret-version-created', secret))
  await tellReferrers({ sql, tell }, vault, secret, { latest: true, all: false })
  return { ...secret, value }
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
  const latest = await deletedVersion(sql, vault.name, name)
  return latest && { latest, deleted: true }
}

/** Changes a version's attributes, never its value. */
export async function updateSecret(
  { sql, at, tell }: Scope<'secrets/update'>,
  vault: Vault,
  name: string,
  version: string | undefined,
  draft: Draft,
): Promise<SecretVersion> {
  const kept = await keptVersion(sql, vault.name, name, version)
  if (kept === undefined) throw noSuchSecret(name, version)
  const secret = withAttributes(kept.secret, draft, at)
  await keepAttributes(sql, vault.name, secret)
  tell(tellOf(vault, 'secret-updated', secret))
  const latest = version === undefined || (await headOf(sql, vault.name, name))?.version === secret.version
  await tellReferrers({ sql, tell }, vault, secret, { latest, all: false })
  return secret
}

/** Deletes a name with all its versions; until its purge it can be recovered. */
export async function deleteSecret(
  { sql, at, turn, tell }: Scope<'secrets/delete'>,
  vault: Vault,
  name: string,
): Promise<DeletedSecret> {
  const kept = await keptVersion(sql, vault.name, name, undefined)
  if (kept === undefined) throw noSuchSecret(name)
  const deletion = { deleted: at, purge: purgeDate(vault, at) }
  await markDeleted(sql, vault.name, name, deletion)
  await scheduleAt(turn, purging, subjectOf(vault, name), deletion.purge)
  tell(tellOf(vault, 'secret-deleted', kept.secret))
  await tellReferrers({ sql, tell }, vault, kept.secret, { latest: true, all: true })
  return { ...kept.secret, ...deletion }
}

/** A deleted name, without its value. */
export async function getDeletedSecret(
  { sql }: Sight<'secrets/list'>,
  vault: Vault,
  name: string,
): Promise<DeletedSecret> {
  const secret = await deletedVersion(sql, vault.name, name)
  if (secret === undefined) throw noSuchDeletedSecret(name)
  return secret
}

/** Makes a deleted name live again, with all its versions. */
export async function recoverSecret(
  { sql, turn, tell }: Scope<'secrets/recover'>,
  vault: Vault,
  name: string,
): Promise<SecretVersion> {
  const found = await deletedVersion(sql, vault.name, name)
  // Key Vault says this one in the words for a live secret (reference 8.1).
  if (found === undefined) throw noSuchSecret(name)
  const { deleted, purge, ...secret } = found
  await markDeleted(sql, vault.name, name, undefined)
  await unschedule(turn, purging, subjectOf(vault, name))
  tell(tellOf(vault, 'secret-recovered', secret))
  await tellReferrers({ sql, tell }, vault, secret, { latest: true, all: true })
  return secret
}

/** Takes a deleted name away for good. With purge protection only time can. */
export async function purgeSecret(
  { sql, at, turn, tell }: Scope<'secrets/purge'>,
  vault: Vault,
  name: string,
): Promise<void> {
  const secret = await deletedVersion(sql, vault.name, name)
  if (secret === undefined) throw noSuchDeletedSecret(name)
  if (vault.purgeProtection && at < secret.purge) {
    throw new Fault('protected', 'Purge protection is enabled for this vault.', {
      vault: vault.name,
      location: vault.location,
    })
  }
  await removeSecret(sql, vault.name, name)
  await unschedule(turn, purging, subjectOf(vault, name))
  tell(tellOf(vault, 'secret-purged', secret))
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
