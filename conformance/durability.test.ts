import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { durability, type Engine } from './durability.ts'

/** A few kills in every run of the tests; hundreds by hand: `npx node conformance/durability.ts --kills 300`. */
const kills = 10

describe('what was answered', () => {
  const survives = (engine: Engine) => async () => {
    const { lost, writes, reads } = await durability({ engine, kills })
    assert.deepEqual(lost, [])
    assert.ok(writes > 0 && reads > 0, 'somebody wrote and read meanwhile')
  }
  it('P1, P3: survives kill -9 of the server, on SQLite', { timeout: 120_000 }, survives('sqlite'))
  const { skip } = needs('PostgreSQL', findPostgres)
  it('P1, P3: survives kill -9 of PostgreSQL under a running server', { timeout: 120_000, skip }, survives('postgres'))
})
