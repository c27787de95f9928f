import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Sql, Value } from '#base/sql.ts'
import { stranger } from '#core/identity/caller.ts'
import { auditLedger } from './audit.ts'
import { type AuditEntry, inside } from './entry.ts'

const entry: AuditEntry = {
  ...{ at: 1, operation: 'SecretGet', resource: '/', caller: stranger, outcome: 'done', circumstances: inside },
}

/** Takes rows as the audit table does: a writer's number once only. */
function table(): { sql: Sql; series: () => number[][] } {
  const rows = new Map<Value, number[]>()
  const run: Sql['run'] = async (_, [writer, number]) => {
    const taken = rows.get(writer as Value) ?? []
    assert.ok(!taken.includes(number as number), 'a number twice in one series')
    rows.set(writer as Value, [...taken, number as number])
    return { rows: [], changes: 1 }
  }
  return { sql: { engine: 'sqlite', run }, series: () => [...rows.values()] }
}

describe('the ledger', () => {
  it('numbers what was kept without gaps, turn after turn', async () => {
    const ledger = auditLedger()
    const { sql, series } = table()
    for (const entries of [[entry, entry], [entry], [entry]]) {
      const kept = await ledger(sql, entries)
      kept()
    }
    assert.deepEqual(series(), [[1, 2, 3, 4]])
  })

  it('begins a new series when it is unknown whether the last turn was kept', async () => {
    const ledger = auditLedger()
    const { sql, series } = table()
    const kept = await ledger(sql, [entry])
    kept()
    await ledger(sql, [entry, entry])
    const keptAgain = await ledger(sql, [entry])
    keptAgain()
    assert.deepEqual(series(), [[1, 2, 3], [1]])
  })
})
