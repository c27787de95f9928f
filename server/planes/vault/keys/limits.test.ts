import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openHouse } from '../../../testing/house.ts'
import { base64url, digests } from '../testing/keys.ts'
import { asking, said } from '../testing/vault.ts'

describe('the service’s delays', () => {
  it('are met with keys as with secrets, in the words for keys', async () => {
    let at = Date.now()
    await using slow = await openHouse({ env: { CARDEA_DELAYS: '10s' }, clock: () => at })
    const { ask: wish, set } = asking(slow, await slow.developerToken())
    const pass = async () => {
      at += 10_000
      // Something is committed, so that the clock is looked at.
      await set('stir', 'v')
    }
    const until = async (status: number, method: string, path: string) => {
      const begun = performance.now()
      while ((await wish(method, path)).status !== status) assert.ok(performance.now() - begun < 20_000, path)
    }
    await wish('POST', '/keys/slow/create', { kty: 'EC' })
    await wish('DELETE', '/keys/slow')
    const [again, recover, purge] = [
      await wish('POST', '/keys/slow/create', { kty: 'EC' }),
      await wish('POST', '/deletedkeys/slow/recover'),
      await wish('DELETE', '/deletedkeys/slow'),
    ]
    assert.equal(said(await wish('GET', '/deletedkeys/slow')), '404 KeyNotFound')
    for (const heard of [again, recover, purge]) assert.equal(said(heard), '409 Conflict ObjectIsBeingDeleted')
    assert.equal(again.json.error.message, 'Key slow is currently being deleted and cannot be re-created; retry later.')
    assert.equal(recover.json.error.message, 'Key is currently being deleted.')
    await pass()
    await until(200, 'GET', '/deletedkeys/slow')
    assert.equal((await wish('POST', '/deletedkeys/slow/recover')).status, 200)
    const used = await wish('PATCH', '/keys/slow', { tags: {} })
    assert.equal(said(used), '409 Conflict ObjectIsBeingRecovered')
    await pass()
    await until(200, 'GET', '/keys/slow')
  })
})

describe('Azure’s quota of a vault', () => {
  it('lets few keys be made, and counts a use by the size of the key', async () => {
    const at = Date.now()
    await using house = await openHouse({ env: { CARDEA_QUOTA: 'azure' }, clock: () => at })
    const { ask: wish } = asking(house, await house.developerToken())
    assert.equal((await wish('POST', '/keys/large/create', { kty: 'RSA', key_size: 3072 })).status, 200)
    for (let made = 1; made < 20; made += 1)
      assert.equal((await wish('POST', '/keys/many/create', { kty: 'EC' })).status, 200)
    const refused = await wish('POST', '/keys/many/create', { kty: 'EC' })
    assert.deepEqual([said(refused), refused.headers['retry-after']], ['429 Throttled', '10'])
    const verifying = { alg: 'RS256', digest: base64url(digests['256']), value: 'AAAA' }
    const seen: number[] = []
    for (let asked = 0; asked < 1001; asked += 1)
      seen.push((await wish('POST', '/keys/large/verify', verifying)).status)
    assert.deepEqual([seen.indexOf(429), seen.lastIndexOf(200)], [1000, 999])
    assert.equal((await wish('GET', '/secrets')).status, 200)
  })
})
