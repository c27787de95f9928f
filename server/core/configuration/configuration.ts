import { randomBytes } from 'node:crypto'
import type { ChangeType } from '@cardea/contract/cardea/changes'
import type { Sql } from '#base/sql.ts'
import type { Event } from '#core/events/event.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { keyOfStore, type Store } from '#core/vaults/vault.ts'
import { targetOf } from './reference.ts'
import { keepReference, type Referrer, referencesTo } from './reference-rows.ts'
import {
  type Address,
  type Condition,
  type Draft,
  drafted,
  noSuchSetting,
  refuseLarge,
  refuseLocked,
  refuseUnmet,
  type Selection,
  type Setting,
  type Slice,
  sameContent,
} from './setting.ts'
import { type Kept, keepSetting, keptSetting, listKept, removeSetting } from './setting-rows.ts'

export type { Referrer } from './reference-rows.ts'

/**
 * The id of a setting, in the form that Azure's resource ids give key-values: key and label with `$` between them.
 * Both are escaped, so no two settings share an id whatever characters they hold.
 */
export const resourceOf = (store: Store, { key, label }: Address): string =>
  `${store.resourceId}/keyValues/${encodeURIComponent(key)}${label === undefined ? '' : `$${encodeURIComponent(label)}`}`

const newEtag = (): string => randomBytes(16).toString('base64url')

const tellOf = (store: Store, type: ChangeType, { key, label }: Address): Event => ({
  type,
  scope: store.resourceId,
  resource: store.resourceId,
  name: key,
  ...(label !== undefined && { label }),
})

/** A value is sealed to its place, so that it opens nowhere else. */
async function opened(sql: Sql, keyring: Keyring, store: Store, { setting, sealed }: Kept): Promise<Setting> {
  const value =
    sealed === undefined ? undefined : await keyring.unseal(sql, keyOfStore(store), sealed, resourceOf(store, setting))
  return { ...setting, value }
}

async function settingAt(sql: Sql, keyring: Keyring, store: Store, address: Address): Promise<Setting | undefined> {
  const kept = await keptSetting(sql, store.name, address)
  return kept && opened(sql, keyring, store, kept)
}

export async function getSetting(
  { sql, keyring }: Sight<'settings/read'>,
  store: Store,
  address: Address,
): Promise<Setting> {
  const setting = await settingAt(sql, keyring, store, address)
  if (setting === undefined) throw noSuchSetting()
  return setting
}

/** Settings in the order of key and label, those without a label first. */
export async function listSettings(
  { sql, keyring }: Sight<'settings/read'>,
  store: Store,
  selection: Selection,
  slice: Slice,
): Promise<Setting[]> {
  const kept = await listKept(sql, store.name, selection, slice)
  return Promise.all(kept.map((one) => opened(sql, keyring, store, one)))
}

/** Under which domain the vaults of this house lie, so that references to them are known. */
export type House = { readonly domain: string }

/** Writes a setting whole. One that says the same already stays as it is, etag and all, and nothing has happened. */
export async function writeSetting(
  { sql, at, keyring, tell }: Scope<'settings/write'>,
  store: Store,
  address: Address,
  draft: Draft,
  condition: Condition,
  { domain }: House,
): Promise<Setting> {
  const before = await settingAt(sql, keyring, store, address)
  refuseUnmet(condition, before?.etag)
  if (before !== undefined) refuseLocked(before)
  const setting = drafted(address, draft, before, newEtag(), at)
  refuseLarge(setting)
  if (before !== undefined && sameContent(before, setting)) return before
  const { value } = setting
  const sealed =
    value === undefined ? undefined : await keyring.seal(sql, keyOfStore(store), value, resourceOf(store, setting))
  await keepSetting(sql, store.name, setting, sealed)
  await keepReference(sql, store, setting, targetOf(setting, domain))
  tell(tellOf(store, 'setting-written', setting))
  return setting
}

/** Takes a setting away; returns what it was, or undefined if there was none. */
export async function deleteSetting(
  { sql, keyring, tell }: Scope<'settings/delete'>,
  store: Store,
  address: Address,
  condition: Condition,
): Promise<Setting | undefined> {
  const before = await settingAt(sql, keyring, store, address)
  refuseUnmet(condition, before?.etag)
  if (before === undefined) return undefined
  refuseLocked(before)
  await removeSetting(sql, store.name, address)
  await keepReference(sql, store, address, undefined)
  tell(tellOf(store, 'setting-deleted', address))
  return before
}

/** The settings, of whatever store, that point at a secret. */
export const referrersOf = (sql: Sql, vaultName: string, secretName: string): Promise<Referrer[]> =>
  referencesTo(sql, vaultName, secretName)
