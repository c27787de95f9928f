import { randomBytes } from 'node:crypto'
import type { ChangeType } from '@cardea/contract/cardea/changes'
import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import type { Event } from '#core/events/event.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { keyOfStore, type Store } from '#core/vaults/vault.ts'
import { refuseBadFlag } from './flag.ts'
import { targetOf } from './reference.ts'
import { keepReference, type Referrer, referencesTo } from './reference-rows.ts'
import {
  type Address,
  type Condition,
  type Draft,
  drafted,
  type Filter,
  type Moment,
  noSuchSetting,
  type Part,
  type RevisionPlace,
  refuseLarge,
  refuseLocked,
  refuseUnmet,
  type Selection,
  type Setting,
  type Slice,
  sameContent,
  type View,
  type Written,
} from './setting.ts'
import { forgetRevisions, type Kept, keepSetting, keptSetting, removeSetting } from './setting-rows.ts'
import { countRevisions as countKept, listKept, listNames, listRevisionsKept } from './state-rows.ts'

export type { Referrer } from './reference-rows.ts'

/**
 * The id of a setting, in the form that Azure's resource ids give key-values: key and label with `$` between them.
 * Both are escaped, so no two settings share an id whatever characters they hold.
 */
export const resourceOf = (store: Store, { key, label }: Address): string =>
  `${store.resourceId}/keyValues/${encodeURIComponent(key)}${label === undefined ? '' : `$${encodeURIComponent(label)}`}`

export const newEtag = (): string => randomBytes(16).toString('base64url')

const tellOf = (store: Store, type: ChangeType, { key, label, etag }: Written): Event => ({
  type,
  scope: store.resourceId,
  resource: store.resourceId,
  name: key,
  ...(label !== undefined && { label }),
  etag,
})

/** A value is sealed to its place, so that it opens nowhere else. */
async function opened(sql: Sql, keyring: Keyring, store: Store, { setting, sealed }: Kept): Promise<Setting> {
  const value =
    sealed === undefined ? undefined : await keyring.unseal(sql, keyOfStore(store), sealed, resourceOf(store, setting))
  return { ...setting, value }
}

/** Settings with their values. */
export const openedAll = async (sql: Sql, keyring: Keyring, store: Store, kept: readonly Kept[]): Promise<Setting[]> =>
  Promise.all(kept.map((one) => opened(sql, keyring, store, one)))

async function settingAt(sql: Sql, keyring: Keyring, store: Store, address: Address): Promise<Setting | undefined> {
  const kept = await keptSetting(sql, store.name, address)
  return kept && opened(sql, keyring, store, kept)
}

const now: Moment = { kind: 'now' }

async function settingThen(sql: Sql, keyring: Keyring, store: Store, { key, label }: Address, moment: Moment) {
  const selection: Selection = {
    key: { kind: 'these', these: [key] },
    label: { kind: 'these', these: [label] },
    tags: [],
  }
  const { items } = await listKept(
    sql,
    store.name,
    selection,
    { moment, only: undefined },
    { after: undefined, limit: 1 },
  )
  const [setting] = await openedAll(sql, keyring, store, items)
  return setting
}

/** A setting as it is, or as it was at a moment. */
export async function getSetting(
  { sql, keyring }: Sight<'settings/read'>,
  store: Store,
  address: Address,
  moment: Moment = now,
): Promise<Setting> {
  const setting =
    moment.kind === 'now'
      ? await settingAt(sql, keyring, store, address)
      : await settingThen(sql, keyring, store, address, moment)
  if (setting === undefined) throw noSuchSetting()
  return setting
}

/** Settings in the order of key and label, those without a label first. */
export async function listSettings(
  { sql, keyring }: Sight<'settings/read'>,
  store: Store,
  selection: Selection,
  view: View,
  slice: Slice,
): Promise<Part<Setting>> {
  const { items, moment } = await listKept(sql, store.name, selection, view, slice)
  return { items: await openedAll(sql, keyring, store, items), moment }
}

/** What settings are and were: in the order of key and label, the newest first. */
export async function listRevisions(
  { sql, keyring }: Sight<'settings/read'>,
  store: Store,
  selection: Selection,
  view: View,
  slice: Slice<RevisionPlace> & { readonly skip?: number },
): Promise<Part<Setting>> {
  const { items, moment } = await listRevisionsKept(sql, store.name, selection, view, slice)
  return { items: await openedAll(sql, keyring, store, items), moment }
}

/** How many revisions a list of all of them would have. */
export const countRevisions = (
  { sql }: Sight<'settings/read'>,
  store: Store,
  selection: Selection,
  view: View,
): Promise<number> => countKept(sql, store.name, selection, view)

/** The keys of a store's settings, each once, in their order. */
export const listKeys = (
  { sql }: Sight<'settings/read'>,
  store: Store,
  filter: Filter,
  view: View,
  slice: Slice<string>,
): Promise<Part<string>> => listNames(sql, store.name, 'key', filter, view, slice)

/** The labels of a store's settings, each once, in their order; the empty text is "no label". */
export const listLabels = (
  { sql }: Sight<'settings/read'>,
  store: Store,
  filter: Filter,
  view: View,
  slice: Slice<string>,
): Promise<Part<string>> => listNames(sql, store.name, 'label', filter, view, slice)

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
  const written = drafted(address, draft, before, newEtag(), at)
  refuseLarge(written)
  refuseBadFlag(written)
  if (before !== undefined && sameContent(before, written)) return before
  const setting = await kept({ sql, keyring, tell }, store, written)
  await keepReference(sql, store, setting, targetOf(setting, domain))
  return setting
}

/** Tells of a setting's writing, and keeps it under the number that the journal gives. */
async function kept(
  { sql, keyring, tell }: Pick<Scope<never>, 'sql' | 'keyring' | 'tell'>,
  store: Store,
  written: Written,
) {
  const { value } = written
  const sealed =
    value === undefined ? undefined : await keyring.seal(sql, keyOfStore(store), value, resourceOf(store, written))
  const setting = { ...written, since: tell(tellOf(store, 'setting-written', written)) }
  await keepSetting(sql, store.name, setting, sealed)
  return setting
}

/** Locks a setting against changes, or opens it to them again. In the state that is asked for already, it stays as it is. */
export async function lockSetting(
  { sql, at, keyring, tell }: Scope<'settings/write'>,
  store: Store,
  address: Address,
  locked: boolean,
  condition: Condition,
): Promise<Setting> {
  const before = await settingAt(sql, keyring, store, address)
  refuseUnmet(condition, before?.etag)
  if (before === undefined) throw noSuchSetting()
  if (before.locked === locked) return before
  return kept({ sql, keyring, tell }, store, { ...before, locked, etag: newEtag(), modified: at })
}

/** Takes a setting away; returns what it was, or undefined if there was none. */
export async function deleteSetting(
  { sql, at, keyring, tell }: Scope<'settings/delete'>,
  store: Store,
  address: Address,
  condition: Condition,
): Promise<Setting | undefined> {
  const before = await settingAt(sql, keyring, store, address)
  refuseUnmet(condition, before?.etag)
  if (before === undefined) return undefined
  refuseLocked(before)
  await removeSetting(sql, store.name, address, tell(tellOf(store, 'setting-deleted', before)), at)
  await keepReference(sql, store, address, undefined)
  return before
}

/** The kind under which the trimming of history waits for its time. */
export const historyTrimming = 'trim-history'
/** For how long it is kept what settings were. */
const historyMs = 30 * 86_400_000
/** How often what is older is forgotten. */
const trimmingMs = 3_600_000

/** Forgets what settings were so long ago that nobody may ask for it; returns when to do so next. */
export async function trimHistory({ sql, at }: Turn): Promise<number> {
  await forgetRevisions(sql, at - historyMs)
  return at + trimmingMs
}

/** The settings, of whatever store, that point at a secret. */
export const referrersOf = (sql: Sql, vaultName: string, secretName: string): Promise<Referrer[]> =>
  referencesTo(sql, vaultName, secretName)
