import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { migrate } from '#base/migrations.ts'
import type { Sql, Value } from '#base/sql.ts'
import { openSqlite } from '#base/sqlite.ts'
import {
  deadFrom,
  deadOf,
  deliveriesDue,
  deliveriesFirst,
  dropDeadBeyond,
  dueNext,
  forgetDeadBefore,
  waitingCount,
  waitingSince,
} from './delivery-rows.ts'

it('what a round of deliveries asks is found by an index, however much waits or was given up', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cardea-deliveries-'))
  after(() => rm(folder, { recursive: true, force: true }))
  await using database = openSqlite(join(folder, 'cardea.db'), { clock: Date.now, ledger: async () => () => {} })
  await migrate(database, new URL('../../migrations/', import.meta.url))
  const plans: string[] = []
  const explained: Sql = {
    engine: 'sqlite',
    async run(text: string, values: readonly Value[]) {
      const { rows } = await database.read.run(`explain query plan ${text}`, values)
      plans.push(rows.map((row) => (row as { detail: string }).detail).join('\n'))
      return { rows: [], changes: 0 }
    },
  }
  const questions: Record<string, () => Promise<unknown>> = {
    due: () => deliveriesDue(explained, 'one', 1, 64),
    first: () => deliveriesFirst(explained, 'one', 64),
    'when next': () => dueNext(explained, 'one'),
    'dead since': () => deadFrom(explained, 'one'),
    forgotten: () => forgetDeadBefore(explained, 'one', 1),
    dropped: () => dropDeadBeyond(explained, 'one', 10),
    'dead letters': () => deadOf(explained, 'one', 10),
    count: () => waitingCount(explained),
    late: () => waitingSince(explained, 1, 10),
  }
  for (const [what, ask] of Object.entries(questions)) {
    plans.length = 0
    await ask()
    for (const line of plans
      .join('\n')
      .split('\n')
      .filter((each) => /SCAN|SEARCH|TEMP/.test(each)))
      assert.match(line, /USING (COVERING )?INDEX event_delivery_|LAST TERM OF ORDER BY/, `${what}: ${line}`)
    assert.notEqual(plans.length, 0, what)
  }
})
