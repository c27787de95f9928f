import type { Instant } from '#base/clock.ts'
import { type Sql, statement } from '#base/sql.ts'
import type { Link } from './chain.ts'

type SeriesRow = { writer: string; began: number; key: Uint8Array; checked: number }
type TurnRow = {
  writer: string
  first: number
  last: number
  at: number
  entries: string
  link: Uint8Array
  proof: Uint8Array
}
type Tables = { audit_series: SeriesRow; audit_turn: TurnRow }

const insertSeries = statement<Tables, SeriesRow>((db, given) =>
  db.insertInto('audit_series').values({
    writer: given('writer'),
    began: given('began'),
    key: given('key'),
    checked: given('checked'),
  }),
)
const insertTurn = statement<Tables, TurnRow>((db, given) =>
  db.insertInto('audit_turn').values({
    writer: given('writer'),
    first: given('first'),
    last: given('last'),
    at: given('at'),
    entries: given('entries'),
    link: given('link'),
    proof: given('proof'),
  }),
)

export async function addSeries(sql: Sql, writer: string, key: Uint8Array, began: Instant): Promise<void> {
  await insertSeries.changed(sql, { writer, began, key, checked: 0 })
}

export async function addLink(sql: Sql, link: Link): Promise<void> {
  await insertTurn.changed(sql, link)
}
