import { type Sql, statement, type Value } from '#base/sql.ts'
import type { AuditEntry } from './entry.ts'

type Tables = {
  audit: {
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
}

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
type Row = Tables['audit']

const insert = statement<Tables, Row & Record<string, Value>>((db, given) =>
  db.insertInto('audit').values(Object.fromEntries(columns.map((column) => [column, given(column)])) as unknown as Row),
)

/**
 * Keeps entries under consecutive numbers from `first`. SQLite takes them one by one, prepared (about 5 µs each);
 * PostgreSQL in one statement whatever their count, since there each statement is a journey to the server.
 */
export async function addEntries(
  sql: Sql,
  writer: string,
  first: number,
  entries: readonly AuditEntry[],
): Promise<void> {
  const rows = entries.map((entry, index) => rowOf(writer, first + index, entry))
  if (sql.engine === 'sqlite') {
    for (const row of rows) await insert.changed(sql, row)
    return
  }
  const text =
    `insert into audit (${columns.join(', ')}) select * from unnest(` +
    '$1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])'
  await sql.run(text, columns.map((column) => rows.map((row) => row[column])) as unknown as Value[], 'audit')
}

const rowOf = (writer: string, number: number, entry: AuditEntry): Row => ({
  writer,
  number,
  at: entry.at,
  operation: entry.operation,
  resource: entry.resource,
  caller: entry.caller.objectId,
  app_id: entry.caller.appId,
  outcome: entry.outcome,
  address: entry.circumstances.address,
  correlation: entry.circumstances.correlation,
  agent: entry.circumstances.agent,
})
