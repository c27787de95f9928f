import type { Sql } from '#base/sql.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Store } from '#core/vaults/store.ts'
import { refuseBadFlag } from './flag.ts'
import { type House, keepSealed, keepWritten, newEtag, openedAll, settingAt, takeAway } from './keeping.ts'
import { listReferencesKept, type Reference, type Referrer, referencesTo } from './reference-rows.ts'
import {
  type Address,
  byCharacters,
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
} from './setting.ts'
import type { Kept } from './setting-rows.ts'
import { refuseHidden, seen, seesOf, sifted } from './sight.ts'
import { spaceTaken } from './space-rows.ts'
import { countRevisions as countKept, listKept, listNames as listNamesKept, listRevisionsKept } from './state-rows.ts'

export type { House } from './keeping.ts'
export type { Referrer } from './reference-rows.ts'

const now: Moment = { kind: 'now' }

const only = ({ key, label }: Address): Selection => ({
  key: { kind: 'these', these: [key] },
  label: { kind: 'these', these: [label] },
  tags: [],
})

async function settingThen(sql: Sql, keyring: Keyring, store: Store, address: Address, moment: Moment) {
  const { items } = await listKept(sql, store.name, only(address), moment, { after: undefined, limit: 1 })
  const [setting] = await openedAll(sql, keyring, store, items)
  return setting
}

/** A setting as it is, or as it was at a moment. */
export async function getSetting(
  { sql, keyring, permit }: Sight<'settings/read'>,
  store: Store,
  address: Address,
  moment: Moment = now,
): Promise<Setting> {
  const setting =
    moment.kind === 'now'
      ? await settingAt(sql, keyring, store, address)
      : await settingThen(sql, keyring, store, address, moment)
  return seen(permit, store, address, setting)
}

/** A page of settings whose values are opened when somebody wants them: who has the page already is told by etags alone. */
export type Page = {
  readonly items: readonly Omit<Setting, 'value'>[]
  /** The moment that it is of. */
  readonly moment: Moment
  open(): Promise<readonly Setting[]>
}

/** A page of settings, whose values are opened only when somebody asks for them. */
export const pageFrom = (
  { sql, keyring }: Pick<Sight<never>, 'sql' | 'keyring'>,
  store: Store,
  part: Part<Kept>,
): Page => ({
  items: part.items.map(({ setting }) => setting),
  moment: part.moment,
  open: () => openedAll(sql, keyring, store, part.items),
})

/** Settings in the order of key and label, those without a label first. */
export async function listSettings(
  { sql, keyring, permit }: Sight<'settings/read'>,
  store: Store,
  selection: Selection,
  moment: Moment,
  slice: Slice,
): Promise<Page> {
  const list = (then: Moment, part: Slice) => listKept(sql, store.name, selection, then, part)
  const part = await sifted(list, seesOf(permit, store), moment, slice, (setting) => setting)
  return pageFrom({ sql, keyring }, store, part)
}

/** What settings are and were: in the order of key and label, the newest first. */
export async function listRevisions(
  { sql, keyring, permit }: Sight<'settings/read'>,
  store: Store,
  selection: Selection,
  moment: Moment,
  { after, limit, skip = 0 }: Slice<RevisionPlace> & { readonly skip?: number },
): Promise<Page> {
  const list = (then: Moment, part: Slice<RevisionPlace>) => listRevisionsKept(sql, store.name, selection, then, part)
  const slice = { after, limit: limit + skip }
  const part = await sifted(list, seesOf(permit, store), moment, slice, (setting) => setting)
  return pageFrom({ sql, keyring }, store, { items: part.items.slice(skip), moment: part.moment })
}

/** How many bytes a store's settings, their history and its snapshots take. */
export const storageTaken = ({ sql }: Sight<'stores/read'>, { name }: Store): Promise<number> => spaceTaken(sql, name)

/** How many revisions a list of all of them would have. */
export async function countRevisions(
  { sql, permit }: Sight<'settings/read'>,
  store: Store,
  selection: Selection,
  moment: Moment,
): Promise<number> {
  const sees = seesOf(permit, store)
  if (sees === undefined) return countKept(sql, store.name, selection, moment)
  const list = (then: Moment, part: Slice<RevisionPlace>) => listRevisionsKept(sql, store.name, selection, then, part)
  return (await sifted(list, sees, moment, all, (setting) => setting)).items.length
}
const all = { after: undefined, limit: Number.POSITIVE_INFINITY }

/** The keys, or the labels, that a store's settings have: each once, in their order; "no label" as the empty text. */
export async function listNames(
  { sql, permit }: Sight<'settings/read'>,
  store: Store,
  of: 'key' | 'label',
  filter: Filter,
  moment: Moment,
  slice: Slice<string>,
): Promise<Part<string>> {
  const sees = seesOf(permit, store)
  if (sees === undefined) return listNamesKept(sql, store.name, of, filter, moment, slice)
  const selection = { key: any, label: any, tags: [], [of]: filter }
  const list = (then: Moment, part: Slice) => listKept(sql, store.name, selection, then, part)
  const part = await sifted(list, sees, moment, all, (setting) => setting)
  const names = new Set(part.items.map(({ setting }) => setting[of] ?? ''))
  const { after, limit } = slice
  const items = [...names].filter((name) => after === undefined || byCharacters(name, after) > 0).sort(byCharacters)
  return { items: items.slice(0, limit), moment: part.moment }
}
const any: Filter = { kind: 'any' }

/** Writes a setting whole. One that says the same already stays as it is, etag and all, and nothing has happened. */
export async function writeSetting(
  { sql, at, keyring, permit, tell }: Scope<'settings/write'>,
  store: Store,
  address: Address,
  draft: Draft,
  condition: Condition,
  house: House,
): Promise<Setting> {
  const before = await settingAt(sql, keyring, store, address)
  refuseHidden(permit, store, 'settings/write', [before, { ...address, tags: draft.tags }])
  refuseUnmet(condition, before?.etag)
  if (before !== undefined) refuseLocked(before)
  const written = drafted(address, draft, before, newEtag(), at)
  refuseLarge(written, store.settingBytesMax)
  refuseBadFlag(written)
  if (before !== undefined && sameContent(before, written)) return before
  return keepWritten({ sql, keyring, tell }, store, written, house)
}

/** Locks a setting against changes, or opens it to them again. In the state that is asked for already, it stays as it is. */
export async function lockSetting(
  { sql, at, keyring, permit, tell }: Scope<'settings/write'>,
  store: Store,
  address: Address,
  locked: boolean,
  condition: Condition,
): Promise<Setting> {
  const before = await settingAt(sql, keyring, store, address)
  refuseHidden(permit, store, 'settings/write', [before ?? { ...address, tags: {} }])
  refuseUnmet(condition, before?.etag)
  if (before === undefined) throw noSuchSetting()
  if (before.locked === locked) return before
  return keepSealed({ sql, keyring, tell }, store, { ...before, locked, etag: newEtag(), modified: at })
}

/** Takes a setting away; returns what it was, or undefined if there was none. */
export async function deleteSetting(
  { sql, at, keyring, permit, tell }: Scope<'settings/delete'>,
  store: Store,
  address: Address,
  condition: Condition,
): Promise<Setting | undefined> {
  const before = await settingAt(sql, keyring, store, address)
  refuseHidden(permit, store, 'settings/delete', [before ?? { ...address, tags: {} }])
  refuseUnmet(condition, before?.etag)
  if (before === undefined) return undefined
  refuseLocked(before)
  await takeAway({ sql, at, tell }, store, before)
  return before
}

/** The settings, of whatever store, that point at a secret. */
export const referrersOf = (sql: Sql, vaultName: string, secretName: string): Promise<Referrer[]> =>
  referencesTo(sql, vaultName, secretName)

/** The settings of a store that point at secrets, as far as the reader may see them by key and label. */
export async function listReferences(
  { sql, permit }: Sight<'settings/read'>,
  store: Store,
  slice: Slice,
): Promise<readonly Reference[]> {
  const sees = seesOf(permit, store)
  const found: Reference[] = []
  for (let { after } = slice; found.length < slice.limit; ) {
    const piece = await listReferencesKept(sql, store.name, { after, limit: slice.limit })
    found.push(...piece.filter((reference) => sees === undefined || sees({ ...reference, tags: {} })))
    after = piece.at(-1)
    if (piece.length < slice.limit) break
  }
  return found.slice(0, slice.limit)
}
