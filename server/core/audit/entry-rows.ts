import type { Instant } from '#base/clock.ts'
import { query, type Sql, statement } from '#base/sql.ts'
import type { KeptEntry, Place } from './entry.ts'

type TurnRow = { writer: string; first: number; last: number; at: number; entries: string }
type Tables = { audit_turn: TurnRow; audit_series: { writer: string } }

const columns = ['writer', 'first', 'last', 'at', 'entries'] as const

/**
 * The entries of turns from a time until another, the oldest first; those after a place among them if one is given.
 * `limit` counts turns: each has kept its entries as one row.
 */
export async function turnsBetween(
  sql: Sql,
  { from, to, after, limit }: { from: Instant; to: Instant; after: Place | undefined; limit: number },
): Promise<KeptEntry[][]> {
  const rows = await query<Tables, TurnRow>(sql, (db) => {
    const all = db
      .selectFrom('audit_turn')
      .select(columns)
      .where('at', '>=', Math.max(from, after?.at ?? from))
      .where('at', '<', to)
      .orderBy('at')
      .orderBy('writer')
      .orderBy('first')
      .limit(limit)
    if (after === undefined) return all
    return all.where((row) =>
      row.or([
        row('at', '>', after.at),
        row('writer', '>', after.writer),
        row.and([row('writer', '=', after.writer), row('last', '>', after.number)]),
      ]),
    )
  })
  return rows.map((row) =>
    entriesIn(row).filter(
      ({ at, writer, number }) =>
        after === undefined || at !== after.at || writer !== after.writer || number > after.number,
    ),
  )
}

const nextSeries = statement<Tables, { writer: string }, { writer: string }>((db, given) =>
  db.selectFrom('audit_series').select('writer').where('writer', '>', given('writer')).orderBy('writer').limit(1),
)
const inSeries = statement<Tables, { writer: string; number: number; limit: number }, TurnRow>((db, given) =>
  db
    .selectFrom('audit_turn')
    .select(columns)
    .where('writer', '=', given('writer'))
    .where('first', '>', given('number'))
    .orderBy('first')
    .limit(given('limit')),
)

/** The series that follows another by name. */
export const seriesAfter = async (sql: Sql, writer: string): Promise<string | undefined> =>
  (await nextSeries.first(sql, { writer }))?.writer

/** The entries of one series in their order, by turns: those of turns that began after a number. */
export const turnsOf = async (sql: Sql, writer: string, number: number, limit: number): Promise<KeptEntry[][]> =>
  (await inSeries.all(sql, { writer, number, limit })).map(entriesIn)

/** A turn's entries, as they were listed when it was kept. */
function entriesIn({ writer, first, at, entries }: TurnRow): KeptEntry[] {
  const listed = JSON.parse(entries) as string[][]
  return listed.map(
    (
      [
        operation = '',
        resource = '',
        objectId = '',
        appId = '',
        outcome = '',
        address = '',
        correlation = '',
        agent = '',
      ],
      index,
    ) => ({
      ...{ writer, number: first + index, at, operation, resource, outcome },
      caller: { objectId, appId },
      circumstances: { address, correlation, agent },
    }),
  )
}
