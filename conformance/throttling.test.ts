import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openHouse } from '@cardea/server/testing/house'
import { seenBy } from './client.ts'

/** Reads with Azure's own client under a quota; returns what it saw and how often it was refused. */
async function reads(env: Record<string, string>) {
  // The window doesn't pass by itself, however slow this machine is: nine seconds after 2,000 reads, and over after a refusal.
  let now = Date.now() - 60_000
  await using house = await openHouse({ env, clock: () => now })
  await house.ask(house.vaultHost, 'PUT', '/secrets/hot?api-version=7.4', {
    token: await house.developerToken(),
    body: { value: 'v' },
  })
  now += 20_000
  const begun = now
  const outcomes = async (outcome: string) =>
    (await house.deeds()).filter((deed) => deed.operation === 'SecretGet' && deed.outcome === outcome).length
  let looking = 'CARDEA_QUOTA' in env
  const mover = (async () => {
    while (looking) {
      if ((await outcomes('throttled')) > 0) now = begun + 10_000
      else if ((await outcomes('done')) >= 2000) now = begun + 9000
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })()
  const seen = await seenBy('throttled.js', house.env)
  looking = false
  await mover
  return { ...seen, throttled: await outcomes('throttled') } as { read: number; lastMs: number; throttled: number }
}

describe('2,001 reads of secrets in ten seconds by Azure’s own client', () => {
  it('succeed under the profile of 2,000, because the client waits as long as it is told', async () => {
    const { read, lastMs, throttled } = await reads({ CARDEA_QUOTA: 'azure-2000' })
    assert.equal(read, 2001)
    assert.ok(throttled >= 1)
    assert.ok(lastMs >= 1000, `the last read took ${lastMs} ms`)
  })

  it('are not throttled without the profile', async () => {
    const { read, throttled } = await reads({})
    assert.deepEqual([read, throttled], [2001, 0])
  })
})
