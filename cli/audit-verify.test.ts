import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { it } from 'node:test'
import { openHouse } from '@cardea/server/testing/house'
import { run } from './testing/world.ts'

it('"audit verify" says that nothing is amiss, and after a record was changed, what and where', async () => {
  const data = await mkdtemp(join(tmpdir(), 'cardea-verify-'))
  try {
    {
      await using house = await openHouse({ data })
      await house.developerToken()
    }
    const line = ['audit', 'verify', '--data', data]
    const well = await run(line)
    assert.match(well.out, /^\d+ records in 1 series, 1 checkpoint here and 1 outside\nNothing is amiss\.\n$/)
    assert.equal(well.exit, 0)
    const database = new DatabaseSync(join(data, 'cardea.db'))
    database.exec("update audit_turn set entries = replace(entries, 'TokenIssue', 'SecretGet')")
    database.close()
    const ill = await run(line)
    assert.equal(ill.exit, 1)
    assert.match(ill.out, /✗ series [\w-]+, records \d+ to \d+: its link does not follow.*\nThe journal is not/)
    const { flaws } = JSON.parse((await run([...line, '--json'])).out)
    assert.ok(flaws.length > 0)
  } finally {
    await rm(data, { recursive: true })
  }
})

it('"audit verify" makes nothing where there is nothing', async () => {
  const nowhere = join(tmpdir(), 'cardea-nowhere')
  const { exit, err } = await run(['audit', 'verify', '--data', nowhere])
  assert.equal(exit, 1)
  assert.match(err, /can’t be read|can't be read/)
  assert.equal(existsSync(nowhere), false)
})
