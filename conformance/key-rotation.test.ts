import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openHouse } from '@cardea/server/testing/house'
import { needs } from '@cardea/tools/servers/require'
import { findPythonSdk, seenBy } from './client.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())

describe('Azure’s own clients, of the rotation of keys', () => {
  it('set and read policies and rotate on demand from JavaScript, as its documentation does', async () => {
    const id = 'https://demo.vault.cardea.internal/keys/MyKeyName/rotationpolicy'
    const notify = { action: 'Notify', timeBeforeExpiry: 'P30D' }
    const lifetimeActions = [{ action: 'Rotate', timeBeforeExpiry: 'P30D' }, notify]
    assert.deepEqual(await seenBy('key-rotation.js', house.env), {
      byDefault: { id, dated: [false, false], lifetimeActions: [notify] },
      set: { id, dated: [true, true], expiresIn: 'P90D', lifetimeActions },
      same: true,
      rotated: { another: true, type: 'EC', days: 90, tags: { of: 'mine' } },
      again: lifetimeActions,
      refused: '400 BadParameter expiryTime must be at least P28D.',
      missing: '404 KeyNotFound A key with (name/id) nobody was not found in this key vault',
    })
  })

  const python = needs('Debian’s Python SDK', findPythonSdk)
  it('and from Python', { skip: python.skip }, async () => {
    const rotate = ['Rotate', 'P2M', null]
    const notify = ['Notify', null, 'P30D']
    assert.deepEqual(await seenBy('key-rotation.py', house.env), {
      byDefault: [null, [notify]],
      set: [null, [rotate, notify]],
      more: ['P90D', [rotate, notify]],
      same: ['P90D', [rotate, notify]],
      rotated: [true, 'RSA', 90],
    })
  })
})
