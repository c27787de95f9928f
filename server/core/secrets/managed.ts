import type { Sql } from '#base/sql.ts'
import { sealHeld } from '#core/objects/held.ts'
import type { ObjectVersion } from '#core/objects/object.ts'
import { deleteObject, purgeObject, recoverObject } from '#core/objects/objects.ts'
import type { Scope, Writing } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { makeAnew, tellOfAll } from './making.ts'
import { type Draft, newVersion, type OpenSecret, withAttributes } from './secret.ts'
import { addVersion, keepAttributes, secretTables } from './secret-rows.ts'
import { life, openValue, tellOf, tellReferrers, write } from './writing.ts'

/**
 * The secret of a certificate: the chain, and the private key where that may leave. It has the certificate's name and versions,
 * and lives with it. What is done here was allowed as a deed with the certificate.
 */

type ManagedDraft = Draft & { readonly name: string; readonly version: string }

/** How a name stands among secrets: as one that a certificate has, as one of its own, or free. */
export async function secretUnder(sql: Sql, vault: Vault, name: string): Promise<'managed' | 'own' | undefined> {
  const head = await secretTables.headOf(sql, vault.name, name)
  return head && (head.managed ? 'managed' : 'own')
}

/** Keeps what a certificate's secret holds as the latest version of its name; settings that point at it hear of it. */
export async function writeManagedSecret(
  writing: Writing,
  vault: Vault,
  draft: ManagedDraft,
  value: string,
): Promise<void> {
  const before = await secretTables.headOf(writing.sql, vault.name, draft.name)
  const secret = newVersion(draft.name, draft.version, draft, writing.at, before?.version)
  await write(writing, vault, { ...secret, managed: true }, value)
  await makeAnew(writing, vault, draft.name)
}

/** Enables or disables a version together with its certificate. */
export async function enableManagedSecret(
  writing: Writing,
  vault: Vault,
  { name, version, enabled }: Pick<ObjectVersion, 'name' | 'version' | 'enabled'>,
): Promise<void> {
  const { sql, at, tell } = writing
  const kept = await secretTables.keptVersion(sql, vault.name, name, version)
  if (kept === undefined || kept.object.enabled === enabled) return
  const secret = withAttributes(kept.object, { enabled }, at)
  await keepAttributes(sql, vault.name, secret)
  tell(tellOf(vault, 'secret-updated', secret))
  const latest = (await secretTables.headOf(sql, vault.name, name))?.version === version
  await tellReferrers({ sql, tell }, vault, secret, { latest, all: false })
  if (latest) await makeAnew(writing, vault, name)
}

/** Deletes a certificate’s secret with it; a secret of its own under that name stays. */
export async function deleteManagedSecret(
  writing: Writing,
  vault: Vault,
  name: string,
  delayMs: number,
): Promise<void> {
  if ((await secretUnder(writing.sql, vault, name)) !== 'managed') return
  const { object } = await deleteObject(life, writing, vault, name, delayMs)
  await tellOfAll(writing, vault, 'secret-deleted', object)
}

/** Recovers a certificate’s secret with it. */
export async function recoverManagedSecret(
  writing: Writing,
  vault: Vault,
  name: string,
  delayMs: number,
): Promise<void> {
  if ((await secretUnder(writing.sql, vault, name)) !== 'managed') return
  const { object, isBack } = await recoverObject(life, writing, vault, name, delayMs)
  if (isBack) await tellOfAll(writing, vault, 'secret-recovered', object)
}

/** Purges a certificate’s secret with it. */
export async function purgeManagedSecret(writing: Writing, vault: Vault, name: string, delayMs: number): Promise<void> {
  if ((await secretUnder(writing.sql, vault, name)) !== 'managed') return
  writing.tell(tellOf(vault, 'secret-purged', await purgeObject(life, writing, vault, name, delayMs)))
}

/** A version in its certificate's backup. */
export async function copyManagedSecret(
  { sql, keyring }: Pick<Scope<never>, 'sql' | 'keyring'>,
  vault: Vault,
  name: string,
  version: string,
): Promise<OpenSecret> {
  const kept = await secretTables.keptVersion(sql, vault.name, name, version)
  if (kept === undefined) throw new Error(`The certificate ${name} has lost the secret of its version ${version}`)
  return { ...kept.object, value: await openValue({ sql, keyring }, vault, kept) }
}

/** Brings a version back as it was; only with the latest is anybody told. */
export async function restoreManagedSecret(
  writing: Writing,
  vault: Vault,
  { value, ...secret }: OpenSecret,
  isLatest: boolean,
): Promise<void> {
  const sealed = await sealHeld(writing, 'secret', vault, secret, value)
  await addVersion(writing.sql, vault.name, secret, sealed, undefined)
  if (isLatest) await tellOfAll(writing, vault, 'secret-version-created', secret)
}
