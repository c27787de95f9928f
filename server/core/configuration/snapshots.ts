import type { SnapshotStatus } from '@cardea/contract/appconfig/snapshots'
import type { ChangeType } from '@cardea/contract/cardea/changes'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Event } from '#core/events/event.ts'
import type { Caller } from '#core/identity/caller.ts'
import type { Scope, Sight, Writing } from '#core/perform.ts'
import { scheduleAt, subjectWithin, unschedule } from '#core/schedule/schedule.ts'
import type { Store } from '#core/vaults/store.ts'
import { type Page, pageFrom } from './configuration.ts'
import { newEtag, openedAll } from './keeping.ts'
import { type Condition, type Filter, type Moment, refuseUnmet, type Setting, type Slice } from './setting.ts'
import type { Kept } from './setting-rows.ts'
import { refusePartial, seesOf } from './sight.ts'
import {
  asked,
  Composing,
  isReadable,
  moved,
  refuseAmbiguous,
  type Snapshot,
  type SnapshotDraft,
  type SnapshotError,
} from './snapshot.ts'
import {
  addItems,
  addSnapshot,
  bytesOfItems,
  type Creator,
  changeSnapshot,
  keptSnapshot,
  listItems,
  listKeptSnapshots,
  removeSnapshot,
} from './snapshot-rows.ts'
import { spaceTaken } from './space-rows.ts'
import { listKept } from './state-rows.ts'

/** The kind under which a snapshot waits: to be filled, and later to be forgotten. */
export const snapshotDue = 'snapshot'

const resourceOfSnapshot = (store: Store, name: string): string =>
  `${store.resourceId}/snapshots/${encodeURIComponent(name)}`

const noSuchSnapshot = (): Fault => new Fault('not-found', 'There is no such snapshot.')

const tellOf = (store: Store, type: ChangeType, { name, etag }: Pick<Snapshot, 'name' | 'etag'>): Event => ({
  type,
  scope: store.resourceId,
  resource: resourceOfSnapshot(store, name),
  name,
  etag,
})

/**
 * Asks for a snapshot of what the settings are now; a worker fills it. It shows values, so its maker must be one who may
 * read all of the store.
 */
export async function askForSnapshot(
  { sql, at, turn, permit, tell }: Scope<'snapshots/write'>,
  store: Store,
  name: string,
  draft: SnapshotDraft,
  caller: Caller,
): Promise<Snapshot> {
  refuseAmbiguous(draft)
  if (permit.extent('settings/read', store.resourceId) !== 'all')
    throw new Fault('forbidden', 'Who makes a snapshot must be allowed to read all settings of the store.', {
      action: 'Microsoft.AppConfiguration/configurationStores/keyValues/read',
    })
  if ((await keptSnapshot(sql, store.name, name)) !== undefined) throw new Fault('conflict', '', { kind: 'exists' })
  const etag = newEtag()
  const sequence = tell(tellOf(store, 'snapshot-created', { name, etag }))
  const snapshot = asked(name, draft, etag, at, sequence)
  await addSnapshot(sql, store.name, snapshot, caller)
  await scheduleAt(turn, snapshotDue, subjectWithin(store.name, name), at)
  return snapshot
}

/** A snapshot; one that has expired is gone, whether or not it was forgotten already. */
export async function getSnapshot(
  { sql, at, permit }: Pick<Sight<'snapshots/read' | 'snapshots/archive'>, 'sql' | 'at' | 'permit'>,
  store: Store,
  name: string,
): Promise<Snapshot> {
  refusePartial(permit, store)
  const kept = await keptSnapshot(sql, store.name, name)
  if (kept === undefined || isOver(kept.snapshot, at)) throw noSuchSnapshot()
  return kept.snapshot
}
const isOver = ({ expires }: Snapshot, at: number): boolean => expires !== undefined && expires <= at

/** Snapshots in the order of their names. */
export const listSnapshots = async (
  { sql, at, permit }: Sight<'snapshots/read'>,
  store: Store,
  names: Filter,
  statuses: readonly SnapshotStatus[],
  slice: Slice<string>,
): Promise<Snapshot[]> => {
  refusePartial(permit, store)
  return listKeptSnapshots(sql, store.name, names, statuses, at, slice)
}

/** Archives a snapshot, which lets it expire, or has it back. */
export async function moveSnapshot(
  { sql, at, turn, permit, tell }: Scope<'snapshots/archive'>,
  store: Store,
  name: string,
  status: 'ready' | 'archived',
  condition: Condition,
): Promise<Snapshot> {
  const before = await getSnapshot({ sql, at, permit }, store, name)
  refuseUnmet(condition, before.etag)
  const snapshot = moved(before, status, newEtag(), at)
  if (snapshot === before) return before
  await changeSnapshot(sql, store.name, snapshot)
  tell(tellOf(store, 'snapshot-modified', snapshot))
  if (snapshot.expires === undefined) await unschedule(turn, snapshotDue, subjectWithin(store.name, name))
  else await scheduleAt(turn, snapshotDue, subjectWithin(store.name, name), snapshot.expires)
  return snapshot
}

/** Fills a snapshot that was asked for, with the rights of who asked; what is filled already stays as it is. */
export async function fillSnapshot(
  { sql, keyring, permit, tell }: Scope<'snapshots/write'>,
  store: Store,
  name: string,
): Promise<void> {
  const before = (await keptSnapshot(sql, store.name, name))?.snapshot
  if (before?.status !== 'provisioning') return
  const { sequence, composition, filters } = before
  const composing = new Composing<Kept & { readonly setting: Setting }>(composition)
  const moment = { kind: 'sequence', sequence } as const
  const close = async (change: Partial<Snapshot>) => {
    const snapshot = { ...before, ...change, etag: newEtag() }
    await changeSnapshot(sql, store.name, snapshot)
    tell(tellOf(store, 'snapshot-modified', snapshot))
  }
  if (permit.extent('settings/read', store.resourceId) !== 'all') return close(failed('Forbidden'))
  for (const { means } of filters) {
    for (let after: Setting | undefined; ; ) {
      const { items } = await listKept(sql, store.name, means, moment, { after, limit: pieceMax })
      const settings = await openedAll(sql, keyring, store, items)
      const found = settings.map((setting, index) => ({ setting, sealed: items[index]?.sealed }))
      if (!composing.add(found)) return close(failed('QuotaExceeded'))
      after = settings.at(-1)
      if (items.length < pieceMax) break
    }
  }
  const { items } = composing
  const taken = (await spaceTaken(sql, store.name)) + bytesOfItems(items)
  if (taken > (store.storageBytesMax ?? Number.POSITIVE_INFINITY)) return close(failed('QuotaExceeded'))
  await addItems(sql, store.name, name, items)
  await close({ status: 'ready', items: items.length, size: composing.size })
}
/** So many settings are opened at once while a snapshot is filled. */
const pieceMax = 200
const failed = (error: SnapshotError) => ({ status: 'failed', error }) as const

/** Who asked for a snapshot that is still to be filled; undefined for one that isn't. */
export async function creatorOf(sql: Sql, store: string, name: string): Promise<Creator | undefined> {
  const kept = await keptSnapshot(sql, store, name)
  return kept?.snapshot.status === 'provisioning' ? kept.creator : undefined
}

/** Gives up a snapshot whose creator may make none any more. */
export async function giveUpSnapshot(
  { sql, tell }: Pick<Writing, 'sql' | 'tell'>,
  store: Store,
  name: string,
): Promise<void> {
  const kept = await keptSnapshot(sql, store.name, name)
  if (kept?.snapshot.status !== 'provisioning') return
  const snapshot = { ...kept.snapshot, ...failed('Forbidden'), etag: newEtag() }
  await changeSnapshot(sql, store.name, snapshot)
  tell(tellOf(store, 'snapshot-modified', snapshot))
}

/** Forgets a snapshot that is over, content and all. */
export async function forgetSnapshot({ sql, at }: Turn, store: string, name: string): Promise<void> {
  const kept = await keptSnapshot(sql, store, name)
  if (kept !== undefined && isOver(kept.snapshot, at)) await removeSnapshot(sql, store, name)
}

/** A page of what a snapshot holds, from a position on, and the position after it; nothing while it can't be read. */
export async function listSnapshotSettings(
  { sql, at, keyring, permit }: Sight<'settings/read'>,
  store: Store,
  name: string,
  from: number,
  limit: number,
): Promise<Page & { readonly next: number }> {
  const moment: Moment = { kind: 'now' }
  const kept = await keptSnapshot(sql, store.name, name)
  if (kept === undefined || !isReadable(kept.snapshot) || isOver(kept.snapshot, at))
    return { ...pageFrom({ sql, keyring }, store, { items: [], moment }), next: from }
  const sees = seesOf(permit, store)
  const items: Kept[] = []
  let next = from
  for (let whole = true; whole && items.length < limit; ) {
    const piece = await listItems(sql, store.name, name, next, limit - items.length)
    whole = piece.length === limit - items.length
    next += piece.length
    items.push(...(sees === undefined ? piece : piece.filter(({ setting }) => sees(setting))))
  }
  return { ...pageFrom({ sql, keyring }, store, { items, moment }), next }
}
