import type { Instant } from '#base/clock.ts'
import { query, type Sql, statement } from '#base/sql.ts'
import type { KeptEntry, Place } from './entry.ts'

type AuditRow = {
  writer: string
  number: number
  at: number
  operation: string
  resource: string
  caller: string
  app_id: string
  outcome: string
  address: string
  correlation: string
  agent: string
}
type Tables = { audit: AuditRow }

const columns = [
  'writer',
  'number',
  'at',
  'operation',
  'resource',
  'caller',
  'app_id',
  'outcome',
  'address',
  'correlation',
  'agent',
] as const

/** Entries from a time until another, the oldest first, after a place among them if one is given. */
export async function entriesBetween(
  sql: Sql,
  { from, to, after, limit }: { from: Instant; to: Instant; after: Place | undefined; limit: number },
): Promise<KeptEntry[]> {
  const rows = await query<Tables, AuditRow>(sql, (db) => {
    const begin = Math.max(from, after?.at ?? from)
    const all = db
      .selectFrom('audit')
      .select(columns)
      .where('at', '>=', begin)
      .where('at', '<', to)
      .orderBy('at')
      .orderBy('writer')
      .orderBy('number')
      .limit(limit)
    if (after === undefined) return all
    return all.where((row) =>
      row.or([
        row('at', '>', after.at),
        row('writer', '>', after.writer),
        row.and([row('writer', '=', after.writer), row('number', '>', after.number)]),
      ]),
    )
  })
  return rows.map(entryOf)
}

const nextWriter = statement<Tables, { writer: string }, { writer: string }>((db, given) =>
  db.selectFrom('audit').select('writer').where('writer', '>', given('writer')).orderBy('writer').limit(1),
)
const inSeries = statement<Tables, { writer: string; number: number; limit: number }, AuditRow>((db, given) =>
  db
    .selectFrom('audit')
    .select(columns)
    .where('writer', '=', given('writer'))
    .where('number', '>', given('number'))
    .orderBy('number')
    .limit(given('limit')),
)

/** The series that follows another by name. */
export const seriesAfter = async (sql: Sql, writer: string): Promise<string | undefined> =>
  (await nextWriter.first(sql, { writer }))?.writer

/** The entries of one series after a number, in their order. */
export const entriesOf = async (sql: Sql, writer: string, number: number, limit: number): Promise<KeptEntry[]> =>
  (await inSeries.all(sql, { writer, number, limit })).map(entryOf)

const entryOf = (row: AuditRow): KeptEntry => ({
  writer: row.writer,
  number: row.number,
  at: row.at,
  operation: row.operation,
  resource: row.resource,
  caller: { objectId: row.caller, appId: row.app_id },
  outcome: row.outcome,
  circumstances: { address: row.address, correlation: row.correlation, agent: row.agent },
})
