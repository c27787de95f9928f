import type { Instant } from '#base/clock.ts'
import type { Sql } from '#base/sql.ts'
import { newObject, type ObjectVersion, withDraft } from '#core/objects/object.ts'
import { deleteObject, purgeObject, recoverObject } from '#core/objects/objects.ts'
import type { Scope } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { type Held, heldOf, life, openedOf, openKey, sealKey, tellOf } from './holding.ts'
import { type KeyDraft, type Made, natureOf } from './key.ts'
import { addVersion, keepVersion, keyTables } from './key-rows.ts'
import { openVersion } from './keys.ts'
import { type Writing, write } from './writing.ts'

/**
 * The key of a certificate: it has the certificate's name and versions, and lives with it. What is done here was allowed as a
 * deed with the certificate.
 */

type Hands = Writing & { readonly at: Instant }
type ManagedDraft = KeyDraft & { readonly name: string; readonly version: string }

/** How a name stands among keys: as one that a certificate has, as one of its own, or free. */
export async function keyUnder(sql: Sql, vault: Vault, name: string): Promise<'managed' | 'own' | undefined> {
  const head = await keyTables.headOf(sql, vault.name, name)
  return head && (head.managed ? 'managed' : 'own')
}

/** Keeps a certificate's key as the latest version of its name. */
export async function writeManagedKey(hands: Hands, vault: Vault, draft: ManagedDraft, made: Made): Promise<void> {
  const object = newObject('key', draft.name, draft.version, draft, hands.at)
  await write(hands, vault, { version: { ...object, managed: true, ...natureOf(made, draft) }, key: made.key })
}

/** Enables or disables a version together with its certificate. */
export async function enableManagedKey(
  hands: Hands,
  vault: Vault,
  { name, version, enabled }: Pick<ObjectVersion, 'name' | 'version' | 'enabled'>,
): Promise<void> {
  const kept = await keyTables.keptVersion(hands.sql, vault.name, name, version)
  if (kept === undefined || kept.object.enabled === enabled) return
  const open = await openKey(hands, vault, kept)
  const changed = { ...open, version: withDraft('key', open.version, { enabled }, hands.at) }
  await keepVersion(hands.sql, vault.name, changed.version, await sealKey(hands, vault, changed))
  hands.tell(tellOf(vault, 'key-updated', changed.version))
}

/** Deletes a certificate’s key with it; a key of its own under that name stays. */
export async function deleteManagedKey(hands: Hands, vault: Vault, name: string, delayMs: number): Promise<void> {
  if ((await keyUnder(hands.sql, vault, name)) !== 'managed') return
  hands.tell(tellOf(vault, 'key-deleted', (await deleteObject(life, hands, vault, name, delayMs)).object))
}

/** Recovers a certificate’s key with it. */
export async function recoverManagedKey(hands: Hands, vault: Vault, name: string, delayMs: number): Promise<void> {
  if ((await keyUnder(hands.sql, vault, name)) !== 'managed') return
  const { object, isBack } = await recoverObject(life, hands, vault, name, delayMs)
  if (isBack) hands.tell(tellOf(vault, 'key-recovered', object))
}

/** Purges a certificate’s key with it. */
export async function purgeManagedKey(hands: Hands, vault: Vault, name: string, delayMs: number): Promise<void> {
  if ((await keyUnder(hands.sql, vault, name)) !== 'managed') return
  hands.tell(tellOf(vault, 'key-purged', await purgeObject(life, hands, vault, name, delayMs)))
}

/** The key of a certificate's version, to be made use of once more in its next one. */
export async function managedKey(
  { sql, keyring }: Pick<Scope<never>, 'sql' | 'keyring'>,
  vault: Vault,
  name: string,
  version: string,
): Promise<Made> {
  const open = await openVersion({ sql, keyring, meet: () => {} }, vault, name, version)
  return { custody: open.version.custody, key: open.key }
}

/** A version in its certificate's backup. */
export type KeyCopy = ObjectVersion & { readonly held: Held }

/** A version for the backup of its certificate. */
export async function copyManagedKey(
  { sql, keyring }: Pick<Scope<never>, 'sql' | 'keyring'>,
  vault: Vault,
  name: string,
  version: string,
): Promise<KeyCopy> {
  const kept = await keyTables.keptVersion(sql, vault.name, name, version)
  if (kept === undefined) throw new Error(`The certificate ${name} has lost the key of its version ${version}`)
  return { ...kept.object, held: heldOf(await openKey({ sql, keyring }, vault, kept)) }
}

/** Brings a version back as it was. */
export async function restoreManagedKey(hands: Hands, vault: Vault, { held, ...object }: KeyCopy): Promise<void> {
  const open = openedOf(object, held)
  await addVersion(hands.sql, vault.name, open.version, await sealKey(hands, vault, open))
}
