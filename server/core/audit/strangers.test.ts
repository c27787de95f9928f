import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Strangers } from './strangers.ts'

const measure = (each: number, all: number) => ({
  each: { burst: each, perSecond: 0.0001 },
  all: { burst: all, perSecond: 0.0001 },
})

function watched(given: ConstructorParameters<typeof Strangers>[0]) {
  const kept: string[] = []
  const fails = { now: false }
  const strangers = new Strangers(given, async ({ resource, circumstances, outcome }) => {
    if (fails.now) throw new Error('the disk is full')
    kept.push(`${circumstances.address} ${resource} ${outcome}`)
  })
  return { strangers, kept, fails }
}

describe('refusals of those who proved nothing', () => {
  it('are kept one by one up to a measure, then summed for each network', async () => {
    const { strangers, kept } = watched(measure(2, 100))
    const admitted = (network: string) => Array.from({ length: 5 }, () => strangers.admit(network))
    assert.deepEqual(admitted('10.0.0.1'), [true, true, false, false, false])
    assert.deepEqual(admitted('10.0.0.2'), [true, true, false, false, false])
    strangers.count('10.0.0.2')
    await strangers.sum()
    assert.deepEqual(kept, ['10.0.0.1 refusals:3 throttled', '10.0.0.2 refusals:4 throttled'])
    await strangers.sum()
    assert.equal(kept.length, 2)
  })

  it('are measured over all networks too, however many somebody has', async () => {
    const { strangers, kept } = watched(measure(10, 5))
    const admitted = Array.from({ length: 3_000 }, (_, index) => strangers.admit(`2001:db8:0:${index.toString(16)}`))
    assert.equal(admitted.filter(Boolean).length, 5)
    await strangers.sum()
    assert.equal(kept.length, 1_001)
    assert.ok(kept.includes(' refusals:1995 throttled'))
  })

  it('are counted on when their sum can’t be kept', async () => {
    const { strangers, kept, fails } = watched(measure(1, 1))
    for (let times = 0; times < 3; times += 1) strangers.admit('a')
    fails.now = true
    await assert.rejects(strangers.sum())
    strangers.admit('a')
    fails.now = false
    await strangers.sum()
    assert.deepEqual(kept, ['a refusals:3 throttled'])
  })

  it('are counted for so many networks and no more, also while no sum can be kept', async () => {
    const { strangers, kept, fails } = watched(measure(1, 1))
    fails.now = true
    for (let minute = 0; minute < 3; minute += 1) {
      const summing = minute === 0 ? undefined : strangers.sum()
      for (let index = 0; index < 2_000; index += 1) strangers.count(`2001:db8:${minute}:${index.toString(16)}`)
      if (summing !== undefined) await assert.rejects(summing)
    }
    fails.now = false
    await strangers.sum()
    assert.equal(kept.length, 1_001)
    const counts = kept.map((entry) => Number(/refusals:(\d+)/.exec(entry)?.[1]))
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      6_000,
    )
  })

  it('are kept one by one for ever where nothing is summed', () => {
    const { strangers } = watched(undefined)
    for (let times = 0; times < 5_000; times += 1) assert.ok(strangers.admit('a'))
  })
})
