import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openHouse } from '../../../testing/house.ts'
import { asking, foundAnother, versionOf } from '../testing/vault.ts'

const now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()
const { ask, set } = asking(house, token)

describe('deleting on Key Vault’s wire', () => {
  it('is answered with when and how it can be undone, and never with the value', async () => {
    const made = await set('gone', 'v', { tags: { a: '1' } })
    const heard = await ask('DELETE', '/secrets/gone')
    assert.equal(heard.status, 200)
    const at = Math.floor(now / 1000)
    assert.deepEqual(Object.keys(heard.json), [
      'recoveryId',
      'deletedDate',
      'scheduledPurgeDate',
      'id',
      'attributes',
      'tags',
    ])
    assert.equal(heard.json.recoveryId, 'https://demo.vault.cardea.internal/deletedsecrets/gone')
    assert.equal(heard.json.deletedDate, at)
    assert.equal(heard.json.scheduledPurgeDate, at + 90 * 86_400)
    assert.equal(heard.json.id, made.json.id)
    assert.equal((await ask('GET', '/secrets/gone')).status, 404)
    assert.equal((await ask('GET', '/deletedsecrets/gone')).status, 200)
    assert.equal((await ask('DELETE', '/secrets/gone')).status, 404)
    const again = await ask('PUT', '/secrets/gone', { value: 'w' })
    assert.equal(again.status, 409)
    assert.equal(again.json.error.innererror.code, 'ObjectIsDeletedButRecoverable')
  })

  it('can be undone with every version', async () => {
    const first = await set('undo', 'one')
    await set('undo', 'two')
    await ask('DELETE', '/secrets/undo')
    const heard = await ask('POST', '/deletedsecrets/undo/recover')
    assert.equal(heard.status, 200)
    assert.equal('value' in heard.json, false)
    assert.equal((await ask('GET', '/secrets/undo')).json.value, 'two')
    assert.equal((await ask('GET', `/secrets/undo/${versionOf(first)}`)).json.value, 'one')
    assert.equal((await ask('POST', '/deletedsecrets/undo/recover')).status, 404)
  })

  it('is final once purged, and the name is free', async () => {
    await set('purged', 'v')
    assert.equal((await ask('DELETE', '/deletedsecrets/purged')).status, 404)
    await ask('DELETE', '/secrets/purged')
    const heard = await ask('DELETE', '/deletedsecrets/purged')
    assert.equal(heard.status, 204)
    assert.equal(heard.text, '')
    assert.equal('content-type' in heard.headers, false)
    const absent = await ask('GET', '/deletedsecrets/purged')
    assert.equal(absent.json.error.message, 'Deleted Secret not found: purged')
    assert.equal((await ask('PUT', '/secrets/purged', { value: 'w' })).status, 200)
  })
})

describe('the purge protection and retention of a vault', () => {
  it('let nobody but time take a deleted secret away (P8)', async () => {
    const host = await foundAnother(house, 'guarded', { retentionDays: 7, purgeProtection: true })
    const there = asking(house, token, host)
    const made = await there.set('kept', 'v')
    assert.equal(made.json.attributes.recoveryLevel, 'CustomizedRecoverable')
    assert.equal(made.json.attributes.recoverableDays, 7)
    await there.ask('DELETE', '/secrets/kept')
    const heard = await there.ask('DELETE', '/deletedsecrets/kept')
    assert.equal(heard.status, 403)
    assert.match(heard.json.error.message, /^Operation "purge" is not allowed because purge protection is enabled/)
    assert.equal((await there.ask('POST', '/deletedsecrets/kept/recover')).status, 200)
  })
})
