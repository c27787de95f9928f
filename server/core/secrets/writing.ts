import { referrersOf } from '#core/configuration/configuration.ts'
import { resourceOf as settingResource } from '#core/configuration/sight.ts'
import type { Event } from '#core/events/event.ts'
import { awaitExpiry } from '#core/objects/expiry.ts'
import { eventOf, openHeld, type Sealing, sealHeld, type Tellable } from '#core/objects/held.ts'
import { type Life, objectResource, subjectOf } from '#core/objects/objects.ts'
import type { Scope, Writing } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
import type { OpenSecret, SecretVersion } from './secret.ts'
import { addVersion, type Kept, secretTables } from './secret-rows.ts'

export { subjectOf } from '#core/objects/objects.ts'

/** The life of secrets. */
export const life: Life<SecretVersion> = {
  kind: 'secret',
  tables: secretTables,
  purging: 'purge-secret',
  settling: 'settle-secret',
  ending: 'secret-expiry',
}

/** How versions are named, sealed, kept and told of: for whoever makes one. */
export const resourceOf = (vault: Vault, name: string): string => objectResource('secret', vault, name)

/** What is told of a version. */
export const tellOf = (vault: Vault, type: Event['type'], secret: Tellable): Event =>
  eventOf('secret', vault, type, secret)

type Telling = Pick<Scope<never>, 'sql' | 'tell'>
/**
 * A change of a secret is a change of every setting that points at it: of those that follow the latest version when
 * that is another or itself has changed, and of those pinned to a version when it has, or when all have. Which version
 * it is isn't told, and nothing to those who may not read the secret: who may write settings could else have any name of a
 * secret point out whether it is there.
 */
export async function tellReferrers(
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
      resource: settingResource({ resourceId: scope }, { key, label }),
      name: key,
      target: resourceOf(vault, name),
      ...(label !== undefined && { label }),
    })
  }
}

/** Keeps a version as the latest of its secret, and tells of it. */
export async function write(
  { sql, turn, keyring, tell }: Writing,
  vault: Vault,
  secret: SecretVersion,
  value: string,
  rotation?: string,
): Promise<OpenSecret> {
  const sealed = await sealHeld({ sql, keyring }, 'secret', vault, secret, value)
  await addVersion(sql, vault.name, secret, sealed, rotation)
  await awaitExpiry(life, turn, subjectOf(vault, secret.name), secret)
  tell(tellOf(vault, 'secret-version-created', secret))
  await tellReferrers({ sql, tell }, vault, secret, { latest: true, all: false })
  return { ...secret, value }
}

/** The value of a version that was found. */
export const openValue = (sealing: Sealing, vault: Vault, kept: Kept): Promise<string> =>
  openHeld(sealing, 'secret', vault, kept)
