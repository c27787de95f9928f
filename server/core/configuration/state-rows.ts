import { type RawBuilder, sql as raw } from 'kysely'
import { query, type Sql } from '#base/sql.ts'
import {
  type Address,
  afterPrefix,
  type Filter,
  type Moment,
  type Part,
  type RevisionPlace,
  type Selection,
  type Slice,
  type TagWish,
} from './setting.ts'
import { type Kept, keptOf, type SettingRow } from './setting-rows.ts'

/**
 * Lists of a store at any moment. What settings are and what they were stand in two tables, so that lists of now don't
 * wade through history; a list of the past takes its part of each, already in order and no longer than the page, and
 * joins the two. Where tags are asked for, the index of tags leads.
 */
type Words = RawBuilder<unknown>
type Shelf = 'setting' | 'setting_revision'
const shelves: readonly Shelf[] = ['setting', 'setting_revision']

const columns = raw`s.key, s.label, s.etag, s.sealed, s.content_type, s.tags, s.description, s.locked, s.modified, s.since`

/** The place where a part of a list is looked for, and which rows of it belong to the list. */
type Search = {
  /** What is gathered before the statement begins. */
  readonly before: Words
  readonly from: Words
  readonly where: readonly Words[]
  readonly key: Words
  readonly label: Words
}

function search(store: string, shelf: Shelf, { key, label, tags }: Selection, standing: readonly Words[]): Search {
  const [first, ...rest] = tags
  const lead = raw.ref(first === undefined ? 's' : 't')
  const [keyColumn, labelColumn] = [raw`${lead}.key`, raw`${lead}.label`]
  const own = { key: keyColumn, label: labelColumn }
  const where = [raw`${lead}.store = ${store}`, ...fitting(own, { key, label, tags: rest }), ...standing]
  if (first === undefined) return { before: raw``, from: raw`${raw.table(shelf)} as s`, where, ...own }
  return {
    before: raw``,
    // The order of a cross join is kept by SQLite, and means nothing to PostgreSQL.
    from: raw`setting_tag as t cross join ${raw.table(shelf)} as s`,
    where: [...where, isTag(raw.ref('t'), first), ...sameRow(raw.ref('t'))],
    ...own,
  }
}

const allOf = (parts: readonly Words[]): Words =>
  parts.length === 0 ? raw`1 = 1` : raw`(${raw.join(parts, raw` and `)})`

const sameRow = (other: Words): Words[] => [
  raw`s.store = ${other}.store`,
  raw`s.key = ${other}.key`,
  raw`s.label = ${other}.label`,
  raw`s.since = ${other}.since`,
]
const isTag = (tag: Words, { name, value }: TagWish): Words =>
  value === null
    ? raw`${tag}.name = ${name} and ${tag}.value is null`
    : raw`${tag}.name = ${name} and ${tag}.value = ${value}`

const fitting = (own: { readonly key: Words; readonly label: Words }, { key, label, tags }: Selection): Words[] => [
  ...chosen(own.key, key),
  // By the index of labels, all labels that begin alike would have to be sorted by key first: so it is kept out of it.
  ...chosen(label.kind === 'prefix' ? raw`coalesce(${own.label}, '')` : own.label, label),
  ...tags.map((wish) => {
    const other = raw.ref('x')
    return raw`exists (select 1 from setting_tag as x where ${allOf([...sameRow(other), isTag(other, wish)])})`
  }),
]

// By bounds, not by `like`: that would compare without case on SQLite, and pass the index by.
function chosen(column: Words, filter: Filter): Words[] {
  switch (filter.kind) {
    case 'any':
      return []
    case 'these':
      return [raw`${column} in (${raw.join(filter.these.map((text) => text ?? ''))})`]
    case 'prefix': {
      const end = afterPrefix(filter.prefix)
      return [raw`${column} >= ${filter.prefix}`, ...(end === undefined ? [] : [raw`${column} < ${end}`])]
    }
  }
}

/** What had begun by a moment. */
function begunBy(moment: Moment): Words[] {
  switch (moment.kind) {
    case 'now':
      return []
    case 'sequence':
      return [raw`s.since <= ${moment.sequence}`]
    case 'instant':
      return [raw`s.modified <= ${moment.at}`]
  }
}
/** A search for what held at a moment: begun by then, and not over. */
function searchAt(store: string, shelf: Shelf, selection: Selection, moment: Moment): Search {
  const begun = begunBy(moment)
  if (shelf === 'setting' || moment.kind === 'now') return search(store, shelf, selection, begun)
  if (moment.kind === 'instant') return search(store, shelf, selection, [...begun, raw`s.closed > ${moment.at}`])
  // Between two pages little is over: that little is gathered first, or all of history would be walked through for it.
  const own = { key: raw`s.key`, label: raw`s.label` }
  return {
    before: raw`with recent as materialized (
      select * from setting_revision as r where r.store = ${store} and r.until > ${moment.sequence}) `,
    from: raw`recent as s`,
    where: [...fitting(own, selection), ...begun],
    ...own,
  }
}

/** The shelves on which a moment is found. */
const shelvesOf = ({ kind }: Moment): readonly Shelf[] => (kind === 'now' ? ['setting'] : shelves)

/** Runs a list; in the same look at the database, the number at which the change journal stands. */
async function listed<Row>(sql: Sql, parts: readonly Words[], order: Words, limit: number): Promise<[Row[], number]> {
  const page = raw`${raw.join(
    parts.map((part) => raw`select * from (${part} limit ${limit}) as part`),
    raw` union all `,
  )}`
  const rows = await query<never, Row & { head: number }>(sql, (db) => {
    const words = raw<Row & { head: number }>`
      select page.*, (select sequence from head) as head from (${page}) as page order by ${order} limit ${limit}`
    return { compile: () => words.compile(db) }
  })
  return [rows, rows[0]?.head ?? 0]
}

/** Now is fixed at the number that the journal had: the pages that follow tell of the same state. */
const fixed = (moment: Moment, head: number): Moment =>
  moment.kind === 'now' ? { kind: 'sequence', sequence: head } : moment

const following = ({ key, label }: Search, after: Address | undefined): Words[] =>
  after === undefined ? [] : [raw`(${key}, ${label}) > (${after.key}, ${after.label ?? ''})`]

/** Settings in the order of key and label, those without a label first; after one, at most `limit`. */
export async function listKept(
  sql: Sql,
  store: string,
  selection: Selection,
  moment: Moment,
  { after, limit }: Slice,
): Promise<Part<Kept>> {
  const parts = shelvesOf(moment).map((shelf) => {
    const found = searchAt(store, shelf, selection, moment)
    const where = allOf([...found.where, ...following(found, after)])
    return raw`${found.before}select ${columns} from ${found.from} where ${where} order by ${found.key}, ${found.label}`
  })
  const [rows, head] = await listed<SettingRow>(sql, parts, raw`key, label`, limit)
  return { items: rows.map(keptOf), moment: fixed(moment, head) }
}

/** What settings are and were, up to a moment: in the order of key and label, the newest first. */
export async function listRevisionsKept(
  sql: Sql,
  store: string,
  selection: Selection,
  moment: Moment,
  { after, limit }: Slice<RevisionPlace>,
): Promise<Part<Kept>> {
  const parts = shelves.map((shelf) => {
    const found = search(store, shelf, selection, begunBy(moment))
    const { key, label } = found
    const beyond =
      after === undefined
        ? []
        : [
            raw`${key} >= ${after.key}`,
            raw`((${key}, ${label}) > (${after.key}, ${after.label ?? ''}) or
                 (${key} = ${after.key} and ${label} = ${after.label ?? ''} and s.since < ${after.since}))`,
          ]
    const where = allOf([...found.where, ...beyond])
    return raw`select ${columns} from ${found.from} where ${where} order by ${key}, ${label}, s.since desc`
  })
  const [rows, head] = await listed<SettingRow>(sql, parts, raw`key, label, since desc`, limit)
  return { items: rows.map(keptOf), moment: fixed(moment, head) }
}

/** How many revisions there are, of whatever page. */
export async function countRevisions(sql: Sql, store: string, selection: Selection, moment: Moment): Promise<number> {
  const counts = await Promise.all(
    shelves.map((shelf) => {
      const { from, where } = search(store, shelf, selection, begunBy(moment))
      return query<never, { count: number }>(sql, (db) => {
        const words = raw<{ count: number }>`
          select count(*) as count from ${from} where ${allOf(where)}`
        return { compile: () => words.compile(db) }
      })
    }),
  )
  return counts.reduce((sum, [row]) => sum + (row?.count ?? 0), 0)
}

/** The keys, or the labels, that settings of a store have: each once, in their order; no label as the empty text. */
export async function listNames(
  sql: Sql,
  store: string,
  of: 'key' | 'label',
  filter: Filter,
  moment: Moment,
  { after, limit }: Slice<string>,
): Promise<Part<string>> {
  const selection = { key: any, label: any, tags: [], [of]: filter }
  const parts = shelvesOf(moment).map((shelf) => {
    const { before, from, where } = searchAt(store, shelf, selection, moment)
    const column = raw.ref(`s.${of}`)
    const beyond = after === undefined ? [] : [raw`${column} > ${after}`]
    const fit = allOf([...where, ...beyond])
    return raw`${before}select distinct ${column} as name from ${from} where ${fit} order by ${column}`
  })
  // The same name may stand on both shelves.
  const [rows, head] = await listed<{ name: string }>(sql, parts, raw`name`, limit * parts.length)
  const names = [...new Set(rows.map(({ name }) => name))]
  return { items: names.slice(0, limit), moment: fixed(moment, head) }
}
const any: Filter = { kind: 'any' }
