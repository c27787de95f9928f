import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Fault } from '#base/fault.ts'
import { Quota } from './quota.ts'

const outcome = (spend: () => void): number => {
  try {
    spend()
    return 0
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === 'throttled')
    return Number(error.particulars.retryMs)
  }
}

describe('a quota', () => {
  it('lets through as many as it says in any stretch of its window, wherever that begins', () => {
    let now = 0
    const quota = new Quota(7, 1000, () => now)
    const passed: number[] = []
    let seed = 1
    for (let count = 0; count < 20_000; count += 1) {
      seed = (seed * 48_271) % 2_147_483_647
      now += seed % 200
      if (outcome(() => quota.spend('one', 'slow down')) === 0) passed.push(now)
      // And it refuses nobody else: seven were let through in the window that ends now.
      else assert.ok(now - (passed.at(-7) as number) < 1000)
    }
    for (let index = 7; index < passed.length; index += 1) {
      assert.ok((passed[index] as number) - (passed[index - 7] as number) >= 1000)
    }
  })

  it('says for how long it lets nobody through, which is then over', () => {
    let now = 5000
    const quota = new Quota(2, 1000, () => now)
    const spend = () => outcome(() => quota.spend('one', 'slow down'))
    assert.deepEqual([spend(), spend()], [0, 0])
    now += 300
    assert.equal(spend(), 700)
    now += 699
    assert.equal(spend(), 1)
    now += 1
    // What was refused didn't count.
    assert.deepEqual([spend(), spend(), spend()], [0, 0, 1000])
  })

  it('counts each name apart', () => {
    const quota = new Quota(1, 1000, () => 0)
    assert.equal(
      outcome(() => quota.spend('one', '')),
      0,
    )
    assert.equal(
      outcome(() => quota.spend('other', '')),
      0,
    )
    assert.equal(
      outcome(() => quota.spend('one', '')),
      1000,
    )
  })

  it('locks nobody out when the clock is set back', () => {
    let now = 10_000_000
    const quota = new Quota(1, 1000, () => now)
    quota.spend('one', '')
    now = 0
    quota.spend('one', '')
    assert.ok(outcome(() => quota.spend('one', '')) <= 1000)
  })
})
