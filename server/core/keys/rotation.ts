import { isDeepStrictEqual } from 'node:util'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { newObject, noSuchObject, refuseManaged } from '#core/objects/object.ts'
import { missing, newVersionId } from '#core/objects/objects.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { life, openKey } from './holding.ts'
import type { KeyVersion, Made, Nature } from './key.ts'
import { keyTables } from './key-rows.ts'
import { awaitLifetime, keepPolicy, policyOf } from './lifetime.ts'
import { expiryOf, type PolicyDraft, policyFrom, type RotationPolicy, rotationDue } from './rotation-policy.ts'
import { write } from './writing.ts'

/** A key by its spelling, and its policy; undefined if it never was given one. */
export type PolicyOfKey = { readonly name: string; readonly policy: RotationPolicy | undefined }

/** The rotation policy of a live key. */
export async function getRotationPolicy(
  { sql, keyring }: Sight<'key-rotation-policies/read'>,
  vault: Vault,
  name: string,
): Promise<PolicyOfKey> {
  const kept = await keyTables.keptVersion(sql, vault.name, name, undefined)
  if (kept === undefined) throw noSuchObject('key', name)
  return { name: kept.object.name, policy: await policyOf({ sql, keyring }, vault, name) }
}

/** Gives a key another policy. The version that there is keeps its dates; what awaits it is counted anew. */
export async function setRotationPolicy(
  scope: Scope<'key-rotation-policies/write'>,
  vault: Vault,
  name: string,
  draft: PolicyDraft,
): Promise<PolicyOfKey> {
  const latest = await latestOf(scope.sql, vault, name)
  refuseManaged('key', latest.object, 'setrotationpolicy')
  const policy = policyFrom(draft, scope.at, await policyOf(scope, vault, name))
  await keepPolicy(scope, vault, name, policy)
  await awaitLifetime(scope, vault, latest.object)
  return { name: latest.object.name, policy }
}

async function latestOf(sql: Sql, vault: Vault, name: string) {
  const kept = await keyTables.keptVersion(sql, vault.name, name, undefined)
  if (kept === undefined) throw await missing(life, sql, vault, name)
  return kept
}

type Sealing = { readonly sql: Sql; readonly keyring: Keyring }

/** The version that a rotation is to replace: the next one is made just like it. */
export async function versionToRotate({ sql, keyring }: Sealing, vault: Vault, name: string): Promise<KeyVersion> {
  const { version } = await openKey({ sql, keyring }, vault, await latestOf(sql, vault, name))
  refuseManaged('key', version, 'rotate')
  // Somebody has taken it out of use: a new version would put its name into use again.
  if (!version.enabled) {
    throw new Fault('disabled', 'Operation rotate is not allowed on a disabled key.', { inner: 'KeyDisabled' })
  }
  return version
}

/**
 * Gives a key its next version: another key of the same kind, for the same uses, which ends when the policy says. The
 * versions before stay as they are. The key itself was made before, like a version that may have another after it by now.
 */
export async function rotateKey(
  scope: Scope<'keys/rotate'>,
  vault: Vault,
  name: string,
  made: Made,
): Promise<KeyVersion> {
  const { at, meet } = scope
  const latest = await versionToRotate(scope, vault, name)
  if (!isAlike(made, latest)) {
    const words = `Key ${latest.name} was given a version of another kind while its next one was being made. Rotate it again.`
    throw new Fault('conflict', words, { about: latest.name })
  }
  const { tags, custody, shape, operations } = latest
  const expires = expiryOf(await policyOf(scope, vault, name), at)
  const object = newObject('key', latest.name, newVersionId(), { tags, expires }, at)
  const version = { ...object, custody, shape, operations, publicPart: made.key.publicPart }
  meet(version.version)
  await write(scope, vault, { version, key: made.key })
  return version
}

const isAlike = ({ custody, key }: Made, latest: Nature): boolean =>
  custody === latest.custody && isDeepStrictEqual(key.shape, latest.shape)

/** The version that is to be replaced now, if one is; otherwise when there may be one. */
export async function dueNow(
  turn: Turn,
  keyring: Keyring,
  vault: Vault,
  name: string,
): Promise<{ readonly replaces: KeyVersion } | { readonly due: number | undefined }> {
  const sealing = { sql: turn.sql, keyring }
  const kept = await keyTables.keptVersion(turn.sql, vault.name, name, undefined)
  const due = kept && rotationDue(await policyOf(sealing, vault, name), kept.object)
  if (kept === undefined || due === undefined || due > turn.at) return { due }
  return { replaces: (await openKey(sealing, vault, kept)).version }
}
