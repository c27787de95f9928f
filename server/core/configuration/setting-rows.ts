import { sql as raw } from 'kysely'
import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { Address, Setting } from './setting.ts'
import { bytesOf, bytesOfRow, forgetSpace, takeSpace } from './space-rows.ts'

/** A setting as a row. A revision, and an item of a snapshot, have the same columns. */
export type SettingRow = {
  key: string
  label: string
  etag: string
  sealed: Uint8Array | null
  content_type: string | null
  tags: string
  description: string | null
  locked: number
  modified: number
  since: number
}
type Row = SettingRow & { store: string }
type Ended = Row & { until: number; closed: number }
type TagRow = Place & { since: number; name: string; value: string | null }
type Tables = { setting: Row; setting_revision: Ended; setting_tag: TagRow }
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
      since: given('since'),
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
        since: given('since'),
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

const columns = [
  ...(['store', 'key', 'label', 'since', 'etag', 'sealed', 'content_type', 'tags'] as const),
  ...(['description', 'locked', 'modified'] as const),
]
/** What a setting is now, kept as what it was until the change that comes. */
const close = statement<Tables, Place & { until: number; closed: number }>((db, given) =>
  db
    .insertInto('setting_revision')
    .columns([...columns, 'until', 'closed'])
    .expression((row) =>
      row
        .selectFrom('setting')
        .select(columns)
        // Among columns, PostgreSQL takes a value whose type isn't said for text.
        .select([
          raw<number>`cast(${given('until')} as bigint)`.as('until'),
          raw<number>`cast(${given('closed')} as bigint)`.as('closed'),
        ])
        .where('store', '=', given('store'))
        .where('key', '=', given('key'))
        .where('label', '=', given('label')),
    ),
)
const tag = statement<Tables, TagRow>((db, given) =>
  db.insertInto('setting_tag').values({
    store: given('store'),
    key: given('key'),
    label: given('label'),
    since: given('since'),
    name: given('name'),
    value: given('value'),
  }),
)
const untag = statement<Tables, { store: string; closed: number }>((db, given) =>
  db
    .deleteFrom('setting_tag')
    .where((row) =>
      row(
        row.refTuple('store', 'key', 'label', 'since'),
        'in',
        row
          .selectFrom('setting_revision')
          .select(['store', 'key', 'label', 'since'])
          .where('store', '=', given('store'))
          .where('closed', '<', given('closed'))
          .$asTuple('store', 'key', 'label', 'since'),
      ),
    ),
)
const forget = statement<Tables, { store: string; closed: number }>((db, given) =>
  db.deleteFrom('setting_revision').where('store', '=', given('store')).where('closed', '<', given('closed')),
)

const forgotten = statement<Tables, { store: string; closed: number }, { bytes: number | null }>((db, given) =>
  db
    .selectFrom('setting_revision')
    .select(raw<number | null>`sum(${bytesOfRow})`.as('bytes'))
    .where('store', '=', given('store'))
    .where('closed', '<', given('closed')),
)

/** A setting whose value is still sealed; undefined when it has none. */
export type Kept = { readonly setting: Omit<Setting, 'value'>; readonly sealed: Uint8Array | undefined }

/** No label is kept as the empty text: so it comes first, and is part of the primary key on both engines. */
const placeOf = (store: string, { key, label }: Address): Place => ({ store, key, label: label ?? '' })

export async function keptSetting(sql: Sql, store: string, address: Address): Promise<Kept | undefined> {
  const row = await one.first(sql, placeOf(store, address))
  return row && keptOf(row)
}

/**
 * Keeps a setting as it is from now on. What it was before, if anything, becomes a revision. Returns how many bytes its
 * store takes then.
 */
export async function keepSetting(
  sql: Sql,
  store: string,
  setting: Setting,
  sealed: Uint8Array | undefined,
): Promise<number> {
  const place = placeOf(store, setting)
  const { since, modified } = setting
  await close.changed(sql, { ...place, until: since, closed: modified })
  const row: Row = { store, ...rowOfKept({ setting, sealed }) }
  await upsert.changed(sql, row)
  for (const [name, value] of Object.entries(setting.tags)) await tag.changed(sql, { ...place, since, name, value })
  return takeSpace(sql, store, bytesOf(row))
}

/** Takes a setting away; what it was stays in its history. */
export async function removeSetting(
  sql: Sql,
  store: string,
  address: Address,
  until: number,
  closed: Instant,
): Promise<void> {
  const place = placeOf(store, address)
  await close.changed(sql, { ...place, until, closed })
  await remove.changed(sql, place)
}

/** Forgets what in a store was over before a time. */
export async function forgetRevisions(sql: Sql, store: string, closed: Instant): Promise<void> {
  const bytes = (await forgotten.first(sql, { store, closed }))?.bytes ?? 0
  if (bytes > 0) await takeSpace(sql, store, -bytes)
  await untag.changed(sql, { store, closed })
  await forget.changed(sql, { store, closed })
}

export const keptOf = (row: SettingRow): Kept => ({
  setting: {
    key: row.key,
    label: row.label === '' ? undefined : row.label,
    etag: row.etag,
    contentType: row.content_type ?? undefined,
    tags: JSON.parse(row.tags) as Record<string, string | null>,
    description: row.description ?? undefined,
    locked: row.locked === 1,
    modified: row.modified,
    since: row.since,
  },
  sealed: row.sealed ?? undefined,
})

/** The same the other way round. */
export const rowOfKept = ({ setting, sealed }: Kept): SettingRow => ({
  key: setting.key,
  label: setting.label ?? '',
  etag: setting.etag,
  sealed: sealed ?? null,
  content_type: setting.contentType ?? null,
  tags: JSON.stringify(setting.tags),
  description: setting.description ?? null,
  locked: setting.locked ? 1 : 0,
  modified: setting.modified,
  since: setting.since,
})

const removeAll = (['setting', 'setting_revision', 'setting_tag'] as const).map((table) =>
  statement<Tables, { store: string }>((db, given) => db.deleteFrom(table).where('store', '=', given('store'))),
)
/** Takes all settings of a store away, with their history. */
export async function removeSettingsIn(sql: Sql, store: string): Promise<void> {
  for (const each of removeAll) await each.changed(sql, { store })
  await forgetSpace(sql, store)
}
