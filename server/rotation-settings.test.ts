import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rotationFrom } from './rotation-settings.ts'
import { SettingsReader } from './settings-reader.ts'

const read = (env: Record<string, string>) => {
  const reader = new SettingsReader(env)
  return { ...rotationFrom(reader), wrong: reader.wrong }
}

describe('the settings of rotations', () => {
  it('are the defaults where nothing is said', () => {
    assert.deepEqual(read({}), { times: {}, loopback: false, wrong: [] })
  })

  it('are seconds, and hold together', () => {
    const { times, wrong } = read({
      CARDEA_ROTATION_REQUEST_SECONDS: '20',
      CARDEA_ROTATION_LEASE_SECONDS: '90',
      CARDEA_ROTATION_QUARANTINE_SECONDS: '600',
    })
    assert.deepEqual(times, { requestMs: 20_000, leaseMs: 90_000, quarantineMs: 600_000 })
    assert.deepEqual(wrong, [])
  })

  it('are refused by name where they break what the proofs need', () => {
    const { wrong } = read({ CARDEA_ROTATION_REQUEST_SECONDS: '30', CARDEA_ROTATION_QUARANTINE_SECONDS: '60' })
    assert.deepEqual(wrong, [
      'CARDEA_ROTATION_LEASE_SECONDS must be more than twice CARDEA_ROTATION_REQUEST_SECONDS',
      'CARDEA_ROTATION_QUARANTINE_SECONDS must be at least CARDEA_ROTATION_LEASE_SECONDS + CARDEA_ROTATION_REQUEST_SECONDS + CARDEA_ROTATION_CLOCK_ERROR_SECONDS',
    ])
  })

  it('are refused where they are no whole numbers, or no word', () => {
    for (const given of ['0', '-1', '1.5', '1e3', 'soon', '']) {
      assert.equal(read({ CARDEA_ROTATION_GRACE_SECONDS: given }).wrong.length, 1, given)
    }
    assert.equal(read({ CARDEA_ROTATION_LOOPBACK: 'maybe' }).wrong.length, 1)
    assert.equal(read({ CARDEA_ROTATION_LOOPBACK: 'yes' }).loopback, true)
  })
})
