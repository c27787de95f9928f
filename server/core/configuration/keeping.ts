import { randomBytes } from 'node:crypto'
import type { ChangeType } from '@cardea/contract/cardea/changes'
import type { Sql } from '#base/sql.ts'
import type { Event } from '#core/events/event.ts'
import type { Scope } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { keyOfStore, type Store } from '#core/vaults/store.ts'
import { targetOf } from './reference.ts'
import { keepReference } from './reference-rows.ts'
import { type Address, refuseFull, type Setting, type Written } from './setting.ts'
import { type Kept, keepSetting, keptSetting, removeSetting } from './setting-rows.ts'
import { resourceOf } from './sight.ts'

/** How settings are sealed, told of and kept, and how they are opened again; who may ask for that is decided before. */

/** An etag that nothing else has. */
export const newEtag = (): string => randomBytes(16).toString('base64url')

/** Under which domain the vaults of this house lie, so that references to them are known. */
export type House = { readonly domain: string }

/** What a setting is kept with. */
type Pen = Pick<Scope<never>, 'sql' | 'keyring' | 'tell'>

/** A value is sealed to its place, so that it opens nowhere else. */
async function opened(sql: Sql, keyring: Keyring, store: Store, { setting, sealed }: Kept): Promise<Setting> {
  const value =
    sealed === undefined ? undefined : await keyring.unseal(sql, keyOfStore(store), sealed, resourceOf(store, setting))
  return { ...setting, value }
}

/** Settings with their values. */
export const openedAll = async (sql: Sql, keyring: Keyring, store: Store, kept: readonly Kept[]): Promise<Setting[]> =>
  Promise.all(kept.map((one) => opened(sql, keyring, store, one)))

/** A setting as it is now, if there is one. */
export async function settingAt(
  sql: Sql,
  keyring: Keyring,
  store: Store,
  address: Address,
): Promise<Setting | undefined> {
  const kept = await keptSetting(sql, store.name, address)
  return kept && opened(sql, keyring, store, kept)
}

const tellOf = (store: Store, type: ChangeType, { key, label, etag }: Written): Event => ({
  type,
  scope: store.resourceId,
  resource: resourceOf(store, { key, label }),
  name: key,
  ...(label !== undefined && { label }),
  etag,
})

/** Tells of a setting's writing, and keeps it under the number that the journal gives; where it points stays as it is. */
export async function keepSealed({ sql, keyring, tell }: Pen, store: Store, written: Written): Promise<Setting> {
  const { value } = written
  const sealed =
    value === undefined ? undefined : await keyring.seal(sql, keyOfStore(store), value, resourceOf(store, written))
  const setting = { ...written, since: tell(tellOf(store, 'setting-written', written)) }
  const taken = await keepSetting(sql, store.name, setting, sealed)
  refuseFull(taken, store.storageBytesMax)
  return setting
}

/** The same, with where it points. */
export async function keepWritten(pen: Pen, store: Store, written: Written, { domain }: House): Promise<Setting> {
  const setting = await keepSealed(pen, store, written)
  await keepReference(pen.sql, store, setting, targetOf(setting, domain))
  return setting
}

/** Tells that a setting goes, and takes it away. */
export async function takeAway(
  { sql, at, tell }: Pick<Scope<never>, 'sql' | 'at' | 'tell'>,
  store: Store,
  before: Written,
): Promise<void> {
  await removeSetting(sql, store.name, before, tell(tellOf(store, 'setting-deleted', before)), at)
  await keepReference(sql, store, before, undefined)
}
