import type { KeptKey } from '#base/keys/key.ts'
import type { Event } from '#core/events/event.ts'
import type { ObjectVersion } from '#core/objects/object.ts'
import type { Kept } from '#core/objects/object-tables.ts'
import { type Life, objectPlace, objectResource } from '#core/objects/objects.ts'
import type { Sight } from '#core/perform.ts'
import { keyOfVault, type Vault } from '#core/vaults/vault.ts'
import type { KeyVersion, Nature } from './key.ts'
import { keyTables } from './key-rows.ts'

/** The life of keys. */
export const life: Life<ObjectVersion> = {
  kind: 'key',
  tables: keyTables,
  purging: 'purge-key',
  settling: 'settle-key',
  ending: 'key-expiry',
}

export const resourceOf = (vault: Vault, name: string): string => objectResource('key', vault, name)

/** What lies sealed in a version: what nobody may change who merely writes the database, and the key in base64. */
export type Held = Nature & { readonly secret: string }

/** A version of a key together with the key itself, for whoever uses or copies it. */
export type OpenKey = { readonly version: KeyVersion; readonly key: KeptKey }

export const heldOf = ({ version: { custody, shape, publicPart, operations }, key: { secret } }: OpenKey): Held => ({
  ...{ custody, shape, publicPart, operations },
  secret: Buffer.from(secret).toString('base64'),
})

export const openedOf = (object: ObjectVersion, { secret, ...nature }: Held): OpenKey => ({
  version: { ...object, ...nature },
  key: { shape: nature.shape, publicPart: nature.publicPart, secret: Buffer.from(secret, 'base64') },
})

type Sealing = Pick<Sight<never>, 'sql' | 'keyring'>

/** Seals what a version holds to its place. */
export function sealKey({ sql, keyring }: Sealing, vault: Vault, open: OpenKey): Promise<Buffer> {
  const place = objectPlace('key', vault, open.version.name, open.version.version)
  return keyring.seal(sql, keyOfVault(vault), JSON.stringify(heldOf(open)), place)
}

/** Opens what a version holds. */
export async function openKey(
  { sql, keyring }: Sealing,
  vault: Vault,
  { object, sealed }: Kept<ObjectVersion>,
): Promise<OpenKey> {
  const place = objectPlace('key', vault, object.name, object.version)
  return openedOf(object, JSON.parse(await keyring.unseal(sql, keyOfVault(vault), sealed, place)) as Held)
}

export const tellOf = (
  vault: Vault,
  type: Event['type'],
  { name, version, notBefore, expires }: Pick<ObjectVersion, 'name' | 'version' | 'notBefore' | 'expires'>,
): Event => ({ type, scope: vault.resourceId, resource: resourceOf(vault, name), name, version, notBefore, expires })
