import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { type Heard, openHouse } from './testing/house.ts'

/** Whoever proves nothing gets their answers, as far as one address leaves the others theirs and the journal its disk. */
// Sixty requests at once, and twenty refusals kept one by one.
const house = await openHouse({ env: { CARDEA_ANONYMOUS_REQUESTS: '2', CARDEA_ANONYMOUS_ENTRIES: '1' } })
after(() => house[Symbol.asyncDispose]())

const tokenPath = '/adfs/oauth2/v2.0/token'
const guess = (secret = 'wrong') =>
  house.ask(house.loginHost, 'POST', tokenPath, {
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'nobody',
      client_secret: secret,
    }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
const times = (count: number, ask: () => Promise<Heard>) => Promise.all(Array.from({ length: count }, ask))
const list = (token?: string) => house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })

describe('a flood from one address', () => {
  it('is told to come again later, on every plane in its words, and costs the journal little', async () => {
    const token = await house.developerToken()
    const before = (await house.deeds()).length
    const guesses = await times(90, guess)
    assert.ok(guesses.filter(({ status }) => status === 429).length >= 25)
    const held = guesses.find(({ status }) => status === 429) as Heard
    assert.equal(held.headers['retry-after'], '1')
    assert.deepEqual(held.json.error_codes, [90055])
    for (const [host, path] of [
      [house.vaultHost, '/secrets?api-version=7.4'],
      [house.storeHost, '/kv?api-version=1.0'],
      ['management.cardea.internal', '/subscriptions?api-version=2022-12-01'],
      ['graph.cardea.internal', '/v1.0/users'],
      ['management.cardea.internal', '/.cardea/event-subscriptions/x/validate?token=x'],
    ] as const) {
      const heard = (await times(4, () => house.ask(host, 'GET', path))).find(({ status }) => status === 429)
      assert.ok(heard !== undefined, host)
      assert.ok(Number(heard.headers['retry-after'] ?? heard.headers['retry-after-ms']) >= 1, host)
    }
    // Who proves who they are isn't held up by their neighbours, neither with a token nor at getting one.
    assert.equal((await list(token)).status, 200)
    const kept = (await house.deeds()).slice(before)
    assert.ok(kept.length <= 25, `${kept.length} entries`)
    await house.cardea.base.strangers.sum()
    const sums = (await house.deeds()).filter(({ operation }) => operation === 'RefusedMore')
    assert.equal(sums.length, 1)
    const { resource, outcome } = sums[0] as { resource: string; outcome: string }
    const refused = guesses.length + 20
    assert.equal(outcome, 'throttled')
    const counted = Number(/^refusals:(\d+)$/.exec(resource)?.[1])
    const single = kept.filter(({ caller }) => caller === '').length
    assert.equal(counted + single, refused, 'each is either kept or counted')
  })

  it('leaves an entry of everything that was done, and of each refusal of somebody who is known', async () => {
    const app = await house.newcomer('known')
    await new Promise((resolve) => setTimeout(resolve, 600))
    const token = await app.token()
    const before = (await house.deeds()).length
    for (const { status } of await times(40, () => list(token))) assert.equal(status, 403)
    const kept = (await house.deeds()).slice(before)
    assert.equal(kept.filter(({ outcome }) => outcome === 'forbidden').length, 40)
  })
})

describe('tokens', () => {
  it('are given as often as they are asked for by who has a secret', async () => {
    await using open = await openHouse({ env: { CARDEA_ANONYMOUS_REQUESTS: '2' } })
    for (let round = 0; round < 4; round += 1)
      await Promise.all(Array.from({ length: 25 }, () => open.developerToken()))
  })
})
