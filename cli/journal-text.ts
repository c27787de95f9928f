import type { AuditEvent } from '@cardea/contract/cardea/journal'

/** The journal as text in a file: Azure's own JSON lines, a flat JSON line for each record, or a table for spreadsheets. */
export const journalFormats = ['azure', 'json', 'csv'] as const
export type JournalFormat = (typeof journalFormats)[number]

type Format = { readonly head: string; line(record: AuditEvent): string }

const columns = [
  'time',
  'operation',
  'outcome',
  'status',
  'objectId',
  'appId',
  'address',
  'resource',
  'object',
  'correlation',
  'client',
  'series',
  'number',
] as const

const flat = (record: AuditEvent): Record<(typeof columns)[number], string | number> => ({
  time: record.time,
  operation: record.operationName,
  outcome: record.properties.outcome,
  status: record.properties.httpStatusCode,
  objectId: record.identity.claim.oid ?? '',
  appId: record.identity.claim.appid ?? '',
  address: record.callerIpAddress,
  resource: record.resourceId,
  object: record.properties.id,
  correlation: record.correlationId,
  client: record.properties.clientInfo,
  series: record.properties.series,
  number: record.properties.number,
})

/** A spreadsheet takes what begins so for a formula; an apostrophe makes it text. */
const formula = /^[=+\-@\t\r]/
const cell = (value: string | number): string => {
  const text = typeof value === 'string' && formula.test(value) ? `'${value}` : String(value)
  return `"${text.replaceAll('"', '""')}"`
}

// Separators that are line ends to some readers of JSON, though not to its grammar.
const oneLine = (value: unknown): string =>
  JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')

/** How a file in each format begins, and what a record becomes in it. */
export const formats: Record<JournalFormat, Format> = {
  azure: { head: '', line: (record) => `${oneLine(record)}\n` },
  json: { head: '', line: (record) => `${oneLine(flat(record))}\n` },
  // RFC 4180: quoted cells, lines that end in CRLF.
  csv: { head: `${columns.join(',')}\r\n`, line: (record) => `${Object.values(flat(record)).map(cell).join(',')}\r\n` },
}
