import type { Composition, SnapshotStatus } from '@cardea/contract/appconfig/snapshots'
import { sql as raw } from 'kysely'
import type { Instant } from '#base/clock.ts'
import { query, type Sql, statement } from '#base/sql.ts'
import { afterPrefix, type Filter, type Selection, type Slice, type Tags } from './setting.ts'
import { type Kept, keptOf, rowOfKept, type SettingRow } from './setting-rows.ts'
import type { Snapshot, SnapshotError, SnapshotFilter } from './snapshot.ts'
import { bytesOf, bytesOfRow, takeSpace } from './space-rows.ts'

type Row = {
  store: string
  name: string
  etag: string
  status: string
  error: string | null
  filters: string
  composition: string
  retention: number
  tags: string
  description: string | null
  created: number
  expires: number | null
  sequence: number
  creator: string
  creator_app: string
  items: number
  size: number
}
type ItemRow = SettingRow & { store: string; snapshot: string; position: number }
type Tables = { snapshot: Row; snapshot_item: ItemRow }
type Place = { store: string; name: string }

const one = statement<Tables, Place, Row>((db, given) =>
  db.selectFrom('snapshot').selectAll().where('store', '=', given('store')).where('name', '=', given('name')),
)
const insert = statement<Tables, Row>((db, given) =>
  db
    .insertInto('snapshot')
    .values({
      store: given('store'),
      name: given('name'),
      etag: given('etag'),
      status: given('status'),
      error: given('error'),
      filters: given('filters'),
      composition: given('composition'),
      retention: given('retention'),
      tags: given('tags'),
      description: given('description'),
      created: given('created'),
      expires: given('expires'),
      sequence: given('sequence'),
      creator: given('creator'),
      creator_app: given('creator_app'),
      items: given('items'),
      size: given('size'),
    })
    .onConflict((conflict) => conflict.doNothing()),
)
const change = statement<
  Tables,
  Pick<Row, 'store' | 'name' | 'etag' | 'status' | 'error' | 'expires' | 'items' | 'size'>
>((db, given) =>
  db
    .updateTable('snapshot')
    .set({
      etag: given('etag'),
      status: given('status'),
      error: given('error'),
      expires: given('expires'),
      items: given('items'),
      size: given('size'),
    })
    .where('store', '=', given('store'))
    .where('name', '=', given('name')),
)
const remove = statement<Tables, Place>((db, given) =>
  db.deleteFrom('snapshot').where('store', '=', given('store')).where('name', '=', given('name')),
)
const empty = statement<Tables, Place>((db, given) =>
  db.deleteFrom('snapshot_item').where('store', '=', given('store')).where('snapshot', '=', given('name')),
)
const taken = statement<Tables, Place, { bytes: number | null }>((db, given) =>
  db
    .selectFrom('snapshot_item')
    .select(raw<number | null>`sum(${bytesOfRow})`.as('bytes'))
    .where('store', '=', given('store'))
    .where('snapshot', '=', given('name')),
)
const addItem = statement<Tables, ItemRow>((db, given) =>
  db.insertInto('snapshot_item').values({
    store: given('store'),
    snapshot: given('snapshot'),
    position: given('position'),
    key: given('key'),
    label: given('label'),
    since: given('since'),
    etag: given('etag'),
    sealed: given('sealed'),
    content_type: given('content_type'),
    tags: given('tags'),
    description: given('description'),
    locked: given('locked'),
    modified: given('modified'),
  }),
)
const itemsFrom = statement<Tables, { store: string; snapshot: string; from: number; limit: number }, ItemRow>(
  (db, given) =>
    db
      .selectFrom('snapshot_item')
      .selectAll()
      .where('store', '=', given('store'))
      .where('snapshot', '=', given('snapshot'))
      .where('position', '>=', given('from'))
      .orderBy('position')
      .limit(given('limit')),
)

/** Who asked for a snapshot. */
export type Creator = { readonly objectId: string; readonly appId: string }

const rowOf = (store: string, snapshot: Snapshot, { objectId, appId }: Creator): Row => ({
  store,
  name: snapshot.name,
  etag: snapshot.etag,
  status: snapshot.status,
  error: snapshot.error ?? null,
  filters: JSON.stringify(snapshot.filters),
  composition: snapshot.composition,
  retention: snapshot.retentionSeconds,
  tags: JSON.stringify(snapshot.tags),
  description: snapshot.description ?? null,
  created: snapshot.created,
  expires: snapshot.expires ?? null,
  sequence: snapshot.sequence,
  creator: objectId,
  creator_app: appId,
  items: snapshot.items,
  size: snapshot.size,
})

const snapshotOf = (row: Row): Snapshot => ({
  name: row.name,
  etag: row.etag,
  status: row.status as SnapshotStatus,
  error: (row.error ?? undefined) as SnapshotError | undefined,
  filters: (JSON.parse(row.filters) as SnapshotFilter[]).map(({ said, means }) => ({
    said,
    means: { ...means, label: withNone(means.label) },
  })),
  composition: row.composition as Composition,
  retentionSeconds: row.retention,
  tags: JSON.parse(row.tags) as Tags,
  description: row.description ?? undefined,
  created: row.created,
  expires: row.expires ?? undefined,
  sequence: row.sequence,
  items: row.items,
  size: row.size,
})
/** In JSON, "no label" among others has become null. */
const withNone = (label: Selection['label']): Selection['label'] =>
  label.kind === 'these' ? { ...label, these: label.these.map((text) => text ?? undefined) } : label

/** Adds a snapshot; false when there is one of this name. */
export async function addSnapshot(sql: Sql, store: string, snapshot: Snapshot, creator: Creator): Promise<boolean> {
  return (await insert.changed(sql, rowOf(store, snapshot, creator))) === 1
}

export async function keptSnapshot(
  sql: Sql,
  store: string,
  name: string,
): Promise<{ readonly snapshot: Snapshot; readonly creator: Creator } | undefined> {
  const row = await one.first(sql, { store, name })
  return row && { snapshot: snapshotOf(row), creator: { objectId: row.creator, appId: row.creator_app } }
}

/** Keeps what may change of a snapshot: its state, and what it came to hold. */
export async function changeSnapshot(
  sql: Sql,
  store: string,
  { name, etag, status, error, expires, items, size }: Snapshot,
) {
  await change.changed(sql, { store, name, etag, status, error: error ?? null, expires: expires ?? null, items, size })
}

export async function removeSnapshot(sql: Sql, store: string, name: string): Promise<void> {
  const bytes = (await taken.first(sql, { store, name }))?.bytes ?? 0
  if (bytes > 0) await takeSpace(sql, store, -bytes)
  await empty.changed(sql, { store, name })
  await remove.changed(sql, { store, name })
}

/** How many bytes settings take in a snapshot. */
export const bytesOfItems = (items: readonly Kept[]): number =>
  items.reduce((sum, item) => sum + bytesOf(rowOfKept(item)), 0)

/** Puts settings into a snapshot, as sealed as they are, in the order of the list. */
export async function addItems(sql: Sql, store: string, snapshot: string, items: readonly Kept[]): Promise<void> {
  for (const [position, item] of items.entries())
    await addItem.changed(sql, { store, snapshot, position, ...rowOfKept(item) })
  await takeSpace(sql, store, bytesOfItems(items))
}

/** What a snapshot holds, from a position on. */
export async function listItems(
  sql: Sql,
  store: string,
  snapshot: string,
  from: number,
  limit: number,
): Promise<Kept[]> {
  return (await itemsFrom.all(sql, { store, snapshot, from, limit })).map(keptOf)
}

/** Snapshots in the order of their names, of chosen states, not yet over; after one, at most `limit`. */
export async function listKeptSnapshots(
  sql: Sql,
  store: string,
  names: Filter,
  statuses: readonly SnapshotStatus[],
  at: Instant,
  { after, limit }: Slice<string>,
): Promise<Snapshot[]> {
  const rows = await query<Tables, Row>(sql, (db) => {
    let all = db
      .selectFrom('snapshot')
      .selectAll()
      .where('store', '=', store)
      .where((row) => row.or([row('expires', 'is', null), row('expires', '>', at)]))
      .orderBy('name')
      .limit(limit)
    if (after !== undefined) all = all.where('name', '>', after)
    if (statuses.length > 0) all = all.where('status', 'in', statuses)
    if (names.kind === 'these')
      all = all.where(
        'name',
        'in',
        names.these.map((name) => name ?? ''),
      )
    if (names.kind === 'prefix') {
      const end = afterPrefix(names.prefix)
      all = all.where('name', '>=', names.prefix)
      if (end !== undefined) all = all.where('name', '<', end)
    }
    return all
  })
  return rows.map(snapshotOf)
}

const removeAll = (['snapshot_item', 'snapshot'] as const).map((table) =>
  statement<Tables, { store: string }>((db, given) => db.deleteFrom(table).where('store', '=', given('store'))),
)
/** Takes all snapshots of a store away. */
export async function removeSnapshotsIn(sql: Sql, store: string): Promise<void> {
  for (const each of removeAll) await each.changed(sql, { store })
}
