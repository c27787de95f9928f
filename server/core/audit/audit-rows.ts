import type { Sql, Value } from '#base/sql.ts'
import type { AuditEntry } from './entry.ts'

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

// By position on both engines: every read of a secret passes here.
const insertOne = `insert into audit (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`
const insertMany =
  `insert into audit (${columns.join(', ')}) select * from unnest(` +
  '$1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])'

/**
 * Keeps entries under consecutive numbers from `first`. SQLite takes them one by one, prepared (2 to 3 µs each);
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
    for (const row of rows) await sql.run(insertOne, row, 'audit')
    return
  }
  await sql.run(insertMany, columns.map((_, column) => rows.map((row) => row[column])) as unknown as Value[], 'audit')
}

/** The values in the order of the columns. */
const rowOf = (writer: string, number: number, entry: AuditEntry): Value[] => [
  writer,
  number,
  entry.at,
  entry.operation,
  entry.resource,
  entry.caller.objectId,
  entry.caller.appId,
  entry.outcome,
  entry.circumstances.address,
  entry.circumstances.correlation,
  entry.circumstances.agent,
]
