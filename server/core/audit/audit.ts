import { randomUUID } from 'node:crypto'
import type { Ledger } from '#base/database.ts'
import { addEntries } from './audit-rows.ts'
import type { AuditEntry } from './entry.ts'

/**
 * The ledger of this process. Each connection that holds turns writes a series of its own, numbered without gaps, so
 * that two nodes never wait for each other and a missing number tells of a missing record.
 */
export function auditLedger(): Ledger<AuditEntry> {
  const series = new WeakMap<object, { readonly writer: string; readonly last: number }>()
  return async (sql, entries) => {
    // Out of the map while its turn runs: when nobody comes back to say that it was kept, it may have been (a commit whose
    // answer was lost), and its next number may be taken. A new series then begins.
    const { writer, last } = series.get(sql) ?? { writer: randomUUID(), last: 0 }
    series.delete(sql)
    await addEntries(sql, writer, last + 1, entries)
    return () => void series.set(sql, { writer, last: last + entries.length })
  }
}
