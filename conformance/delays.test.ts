import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openHouse } from '@cardea/server/testing/house'
import { needs } from '@cardea/tools/servers/require'
import { findPythonSdk, runClient, seenBy } from './client.ts'

const python = needs('Debian’s python3-azure', findPythonSdk)

describe('Azure’s own clients of secrets, under Azure’s delays', () => {
  it('back up, restore, and wait out deletions, recoveries and purges from JavaScript', async () => {
    await using house = await openHouse({ env: { CARDEA_DELAYS: '3s' } })
    assert.deepEqual(await seenBy('backup.js', house.env), {
      backup: true,
      taken: '409 Conflict',
      doneAtOnce: false,
      early: '409 Conflict ObjectIsBeingDeleted',
      recovered: 'two',
      afterPurge: '409 Conflict ObjectIsBeingDeleted',
      restoring: 'no refusal',
      restored: 'two',
      old: ['one', { a: '1' }, true],
      tampered: '400 Malformed backup blob',
    })
  })

  it('meet what they meet on Azure from Python, where result() doesn’t wait for a deletion', {
    skip: python.skip,
  }, async () => {
    await using house = await openHouse({ env: { CARDEA_DELAYS: '30s' } })
    const { code, error } = await runClient('secrets.py', house.env)
    assert.equal(code, 1)
    assert.match(error, /ResourceExistsError: \(Conflict\) Secret is currently being deleted\./)
  })
})
