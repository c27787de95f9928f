import type { Event } from '#core/events/event.ts'
import type { Sight } from '#core/perform.ts'
import { keyOfVault, type Vault } from '#core/vaults/vault.ts'
import { nameKey, type ObjectKind, type ObjectVersion } from './object.ts'
import { objectResource } from './objects.ts'

/** What versions hold, in whatever words a kind has for it, and how it is told of them. */

export type Sealing = Pick<Sight<never>, 'sql' | 'keyring'>
type Place = Pick<ObjectVersion, 'name' | 'version'>

/** What a version holds is sealed to its place, so that it opens nowhere else. */
const placeOf = (kind: ObjectKind, vault: Vault, { name, version }: Place): string =>
  `${objectResource(kind, vault, nameKey(name))}/${version}`

/** Seals what a version holds. */
export const sealHeld = (
  { sql, keyring }: Sealing,
  kind: ObjectKind,
  vault: Vault,
  version: Place,
  held: string,
): Promise<Buffer> => keyring.seal(sql, keyOfVault(vault), held, placeOf(kind, vault, version))

/** Opens what a version holds. */
export const openHeld = (
  { sql, keyring }: Sealing,
  kind: ObjectKind,
  vault: Vault,
  { object, sealed }: { readonly object: Place; readonly sealed: Uint8Array },
): Promise<string> => keyring.unseal(sql, keyOfVault(vault), sealed, placeOf(kind, vault, object))

/** What is told of a version beside its kind and its vault. */
export type Tellable = Pick<ObjectVersion, 'name' | 'version' | 'notBefore' | 'expires'>

/** What is told of a version. */
export const eventOf = (
  kind: ObjectKind,
  vault: Vault,
  type: Event['type'],
  { name, version, notBefore, expires }: Tellable,
): Event => {
  const resource = objectResource(kind, vault, name)
  return { type, scope: vault.resourceId, resource, name, version, notBefore, expires }
}
