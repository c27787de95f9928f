import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Allowance } from './allowance.ts'

describe('an allowance', () => {
  it('is so much at once and so much more with every second, for each alone', () => {
    let now = 0
    const allowance = new Allowance({ burst: 3, perSecond: 2 }, { now: () => now })
    const takes = (key: string, times: number) => Array.from({ length: times }, () => allowance.take(key))
    assert.deepEqual(takes('a', 5), [0, 0, 0, 500, 500])
    assert.deepEqual(takes('b', 1), [0])
    now = 250
    assert.deepEqual(takes('a', 1), [250])
    now = 1_000
    assert.deepEqual(takes('a', 3), [0, 0, 500])
    now = 1_000_000
    assert.deepEqual(takes('a', 4), [0, 0, 0, 500])
  })

  it('is had again when what was taken is given back, and never more than all of it', () => {
    const allowance = new Allowance({ burst: 1, perSecond: 0.001 }, { now: () => 0 })
    assert.equal(allowance.take('a'), 0)
    for (let times = 0; times < 3; times += 1) allowance.giveBack('a')
    allowance.giveBack('never seen')
    assert.equal(allowance.take('a'), 0)
    assert.ok(allowance.take('a') > 0)
  })

  it('knows only so many, so that nobody fills the memory with new names', () => {
    const allowance = new Allowance({ burst: 1, perSecond: 1 }, { now: () => 0, knownMax: 2 })
    for (const key of ['a', 'b', 'c']) assert.equal(allowance.take(key), 0)
    assert.equal(allowance.take('c'), 1000)
    assert.equal(allowance.take('a'), 0, 'forgotten, so new')
  })
})
