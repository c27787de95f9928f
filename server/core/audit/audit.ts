import { type KeyObject, randomUUID } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import type { Ledger } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { addLink, addSeries } from './audit-rows.ts'
import { type Link, nextLink, noLink } from './chain.ts'
import type { AuditEntry } from './entry.ts'

/** A series as far as it has come. */
type Series = Pick<Link, 'writer' | 'last' | 'link'> & { readonly key: KeyObject }

/**
 * The ledger of this process. Each connection that holds turns writes a series of its own, numbered without gaps, so
 * that two nodes never wait for each other and a missing number tells of a missing record.
 */
export function auditLedger(keyring: Keyring): Ledger<AuditEntry> {
  const series = new WeakMap<object, Series>()
  return async (sql, entries) => {
    // Out of the map while its turn runs: when nobody comes back to say that it was kept, it may have been (a commit whose
    // answer was lost), and its next number may be taken. A new series then begins.
    const current = series.get(sql) ?? (await begun(sql, keyring, (entries[0] as AuditEntry).at))
    series.delete(sql)
    const { writer, key } = current
    const turn = nextLink(current, entries, key)
    await addLink(sql, turn)
    return () => void series.set(sql, { writer, key, last: turn.last, link: turn.link })
  }
}

async function begun(sql: Sql, keyring: Keyring, at: Instant): Promise<Series> {
  const writer = randomUUID()
  const { key, sealed } = keyring.newKey(placeOfSeries(writer))
  await addSeries(sql, writer, sealed, at)
  return { writer, key, last: 0, link: noLink }
}

/** Where the key of a series is sealed to. */
export const placeOfSeries = (writer: string): string => `audit-series/${writer}`
