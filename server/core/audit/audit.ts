import { randomUUID } from 'node:crypto'
import type { Ledger } from '#base/database.ts'
import { addEntries } from './audit-rows.ts'
import type { AuditEntry } from './entry.ts'

/**
 * The ledger of this process. Each connection that holds turns writes a series of its own, numbered without gaps, so
 * that two nodes never wait for each other and a missing number tells of a missing record.
 */
export function auditLedger(): Ledger<AuditEntry> {
  const series = new WeakMap<object, { readonly writer: string; last: number }>()
  return async (sql, entries) => {
    let own = series.get(sql)
    if (own === undefined) {
      own = { writer: randomUUID(), last: 0 }
      series.set(sql, own)
    }
    const { writer, last } = own
    await addEntries(sql, writer, last + 1, entries)
    return () => {
      own.last = last + entries.length
    }
  }
}
