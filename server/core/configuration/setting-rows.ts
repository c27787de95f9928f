import type { ExpressionBuilder } from 'kysely'
import { query, type Sql, statement } from '#base/sql.ts'
import { type Address, afterPrefix, type Filter, type Selection, type Setting, type Slice } from './setting.ts'

type Row = {
  store: string
  key: string
  label: string
  etag: string
  sealed: Uint8Array | null
  content_type: string | null
  tags: string
  description: string | null
  locked: number
  modified: number
}
type Tables = { setting: Row }
type Place = { store: string; key: string; label: string }

const one = statement<Tables, Place, Row>((db, given) =>
  db
    .selectFrom('setting')
    .selectAll()
    .where('store', '=', given('store'))
    .where('key', '=', given('key'))
    .where('label', '=', given('label')),
)
const upsert = statement<Tables, Row>((db, given) =>
  db
    .insertInto('setting')
    .values({
      store: given('store'),
      key: given('key'),
      label: given('label'),
      etag: given('etag'),
      sealed: given('sealed'),
      content_type: given('content_type'),
      tags: given('tags'),
      description: given('description'),
      locked: given('locked'),
      modified: given('modified'),
    })
    .onConflict((conflict) =>
      conflict.columns(['store', 'key', 'label']).doUpdateSet({
        etag: given('etag'),
        sealed: given('sealed'),
        content_type: given('content_type'),
        tags: given('tags'),
        description: given('description'),
        locked: given('locked'),
        modified: given('modified'),
      }),
    ),
)
const remove = statement<Tables, Place>((db, given) =>
  db
    .deleteFrom('setting')
    .where('store', '=', given('store'))
    .where('key', '=', given('key'))
    .where('label', '=', given('label')),
)

/** A setting whose value is still sealed; undefined when it has none. */
export type Kept = { readonly setting: Omit<Setting, 'value'>; readonly sealed: Uint8Array | undefined }

/** No label is kept as the empty text: so it comes first, and is part of the primary key on both engines. */
const placeOf = (store: string, { key, label }: Address): Place => ({ store, key, label: label ?? '' })

export async function keptSetting(sql: Sql, store: string, address: Address): Promise<Kept | undefined> {
  const row = await one.first(sql, placeOf(store, address))
  return row && keptOf(row)
}

export async function keepSetting(
  sql: Sql,
  store: string,
  setting: Setting,
  sealed: Uint8Array | undefined,
): Promise<void> {
  await upsert.changed(sql, {
    ...placeOf(store, setting),
    etag: setting.etag,
    sealed: sealed ?? null,
    content_type: setting.contentType ?? null,
    tags: JSON.stringify(setting.tags),
    description: setting.description ?? null,
    locked: setting.locked ? 1 : 0,
    modified: setting.modified,
  })
}

export async function removeSetting(sql: Sql, store: string, address: Address): Promise<void> {
  await remove.changed(sql, placeOf(store, address))
}

/** Settings in the order of key and label, those without a label first; after one, at most `limit`. */
export async function listKept(
  sql: Sql,
  store: string,
  { key, label }: Selection,
  { after, limit }: Slice,
): Promise<Kept[]> {
  const rows = await query<Tables, Row>(sql, (db) => {
    const all = db
      .selectFrom('setting')
      .selectAll()
      .where('store', '=', store)
      .where((column) => chosen(column, 'key', key))
      .where((column) => chosen(column, 'label', label))
      .orderBy('key')
      .orderBy('label')
      .limit(limit)
    if (after === undefined) return all
    return all.where((column) =>
      column(column.refTuple('key', 'label'), '>', column.tuple(after.key, after.label ?? '')),
    )
  })
  return rows.map(keptOf)
}

// By bounds, not by `like`: that would compare without case on SQLite, and pass the index by.
function chosen(column: ExpressionBuilder<Tables, 'setting'>, name: 'key' | 'label', filter: Filter) {
  switch (filter.kind) {
    case 'any':
      return column.lit(true)
    case 'these':
      return column(
        name,
        'in',
        filter.these.map((text) => text ?? ''),
      )
    case 'prefix': {
      const end = afterPrefix(filter.prefix)
      const from = column(name, '>=', filter.prefix)
      return end === undefined ? from : column.and([from, column(name, '<', end)])
    }
  }
}

const keptOf = (row: Row): Kept => ({
  setting: {
    key: row.key,
    label: row.label === '' ? undefined : row.label,
    etag: row.etag,
    contentType: row.content_type ?? undefined,
    tags: JSON.parse(row.tags) as Record<string, string | null>,
    description: row.description ?? undefined,
    locked: row.locked === 1,
    modified: row.modified,
  },
  sealed: row.sealed ?? undefined,
})

const removeAll = statement<Tables, { store: string }>((db, given) =>
  db.deleteFrom('setting').where('store', '=', given('store')),
)
/** Takes all settings of a store away. */
export async function removeSettingsIn(sql: Sql, store: string): Promise<void> {
  await removeAll.changed(sql, { store })
}
