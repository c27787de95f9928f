import type { KeptKey } from '#base/keys/key.ts'
import type { Event } from '#core/events/event.ts'
import { eventOf, openHeld, type Sealing, sealHeld, type Tellable } from '#core/objects/held.ts'
import type { ObjectVersion } from '#core/objects/object.ts'
import type { Kept } from '#core/objects/object-tables.ts'
import { type Life, objectResource } from '#core/objects/objects.ts'
import type { Vault } from '#core/vaults/vault.ts'
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

/** A version and its key as they are sealed. */
export const heldOf = ({ version: { custody, shape, publicPart, operations }, key: { secret } }: OpenKey): Held => ({
  ...{ custody, shape, publicPart, operations },
  secret: Buffer.from(secret).toString('base64'),
})

/** The same, opened again. */
export const openedOf = (object: ObjectVersion, { secret, ...nature }: Held): OpenKey => ({
  version: { ...object, ...nature },
  key: { shape: nature.shape, publicPart: nature.publicPart, secret: Buffer.from(secret, 'base64') },
})

/** Seals what a version holds to its place. */
export const sealKey = (sealing: Sealing, vault: Vault, open: OpenKey): Promise<Buffer> =>
  sealHeld(sealing, 'key', vault, open.version, JSON.stringify(heldOf(open)))

/** Opens what a version holds. */
export const openKey = async (sealing: Sealing, vault: Vault, kept: Kept<ObjectVersion>): Promise<OpenKey> =>
  openedOf(kept.object, JSON.parse(await openHeld(sealing, 'key', vault, kept)) as Held)

/** What is told of a version. */
export const tellOf = (vault: Vault, type: Event['type'], key: Tellable): Event => eventOf('key', vault, type, key)
