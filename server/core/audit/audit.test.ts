import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Sql } from '#base/sql.ts'
import { stranger } from '#core/identity/caller.ts'
import { Keyring } from '#core/sealing/keyring.ts'
import { auditLedger } from './audit.ts'
import { type Link, linkOf, noLink } from './chain.ts'
import { type AuditEntry, inside } from './entry.ts'

const entry: AuditEntry = {
  ...{ at: 1, operation: 'SecretGet', resource: '/', caller: stranger, outcome: 'done', circumstances: inside },
}

/** A database that keeps the ledger's turns, and nothing else. */
function table(): { sql: Sql; kept: Link[] } {
  const kept: Link[] = []
  const run: Sql['run'] = async (text, values) => {
    if (text.includes('audit_turn')) {
      const [writer, first, last, at, entries, link, proof] = values as never[]
      assert.ok(!kept.some((one) => one.writer === writer && one.first === first), 'a number twice in one series')
      kept.push({
        writer: writer as never,
        first: first as never,
        last: last as never,
        at: at as never,
        entries: entries as never,
        link: link as never,
        proof: proof as never,
      })
    }
    return { rows: [], changes: 1 }
  }
  return { sql: { engine: 'sqlite', run }, kept }
}
const keyring = () => new Keyring(createSecretKey(randomBytes(32)))

describe('the ledger', () => {
  it('numbers what was kept without gaps, and links turn to turn', async () => {
    const ledger = auditLedger(keyring())
    const { sql, kept } = table()
    for (const entries of [[entry, entry], [entry], [entry]]) {
      const done = await ledger(sql, entries)
      done()
    }
    assert.deepEqual(
      kept.map(({ first, last }) => [first, last]),
      [
        [1, 2],
        [3, 3],
        [4, 4],
      ],
    )
    let before = noLink
    for (const turn of kept) {
      assert.deepEqual(turn.link, linkOf(before, turn))
      before = turn.link
    }
  })

  it('begins a new series when it is unknown whether the last turn was kept', async () => {
    const ledger = auditLedger(keyring())
    const { sql, kept } = table()
    const done = await ledger(sql, [entry])
    done()
    await ledger(sql, [entry, entry])
    const again = await ledger(sql, [entry])
    again()
    assert.deepEqual(
      kept.map(({ first, last }) => [first, last]),
      [
        [1, 1],
        [2, 3],
        [1, 1],
      ],
    )
    assert.equal(new Set(kept.map(({ writer }) => writer)).size, 2)
  })
})
