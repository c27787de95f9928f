import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  afterAbort,
  backoffMs,
  defaultTimes,
  expiresOf,
  givesUpAt,
  graceOf,
  nextDue,
  spreadOf,
  timesFrom,
} from './policy.ts'

const hour = 3_600_000
const day = 24 * hour

describe('the time constants', () => {
  it('keep their inequalities as they are', () => assert.deepEqual(timesFrom(), defaultTimes))

  it('are refused together when they break them, each by name', () => {
    const broken = { requestMs: 30_000, quarantineMs: 1, graceMs: 0, backoffFirstMs: 0, giveUpMs: 1 }
    assert.throws(
      () => timesFrom(broken),
      ({ message }: Error) =>
        [
          'leaseMs must be',
          'quarantineMs must be',
          'graceMs must be',
          'backoffMaxMs must be',
          'giveUpMs must be',
        ].every((words) => message.includes(words)),
    )
  })
})

describe('the pause between attempts', () => {
  it('doubles from 5 s, and is never longer than an hour', () => {
    const longest = [1, 2, 3, 4, 10, 11, 12, 1000].map((attempt) => backoffMs(defaultTimes, attempt, 1))
    assert.deepEqual(longest, [5_000, 10_000, 20_000, 40_000, 2_560_000, hour, hour, hour])
  })

  it('is any part of that, so that a thousand rotations don’t knock together', () => {
    assert.equal(backoffMs(defaultTimes, 3, 0), 0)
    assert.equal(backoffMs(defaultTimes, 3, 0.25), 5_000)
  })
})

describe('the next rotation', () => {
  it('is due an interval later, and up to a hundredth sooner, the same for each secret', () => {
    assert.equal(nextDue(day, 0, 0), day)
    assert.equal(nextDue(day, 0, 1), day - day / 100)
    assert.equal(nextDue(90 * day, 0, 1), 90 * day - hour)
    assert.equal(nextDue(undefined, 0, 1), undefined)
    const spreads = Array.from({ length: 1000 }, (_, index) => spreadOf(`demo/db-${index}`))
    assert.ok(spreads.every((spread) => spread >= 0 && spread < 1))
    const mean = spreads.reduce((sum, spread) => sum + spread, 0) / spreads.length
    assert.ok(mean > 0.4 && mean < 0.6, String(mean))
    assert.equal(spreadOf('demo/db'), spreadOf('demo/db'))
  })

  it('after one that was aborted depends on why it was', () => {
    const policy = { intervalMs: 90 * day, next: 7 }
    assert.equal(afterAbort('superseded', policy, 100, 0), 100 + 90 * day)
    assert.equal(afterAbort('rebound', policy, 100, 0), 100)
    assert.equal(afterAbort('disabled', policy, 100, 0), 7)
    assert.equal(afterAbort('given-up', policy, 100, 0), 100 + day)
    assert.equal(afterAbort('given-up', { intervalMs: hour, next: 7 }, 100, 0), 100 + hour)
    assert.equal(afterAbort('given-up', { intervalMs: undefined, next: undefined }, 100, 0), undefined)
  })
})

it('a rotation gives up after 48 hours, or half of what the secret has left to live', () => {
  assert.equal(givesUpAt(defaultTimes, 0, undefined), 48 * hour)
  assert.equal(givesUpAt(defaultTimes, 0, 10 * hour), 5 * hour)
  assert.equal(givesUpAt(defaultTimes, 0, 365 * day), 48 * hour)
  assert.equal(givesUpAt(defaultTimes, 100, 50), 100 + 48 * hour)
})

it('grace is what was asked for, else what a cycle leaves but no more than a day; none where nothing can overlap', () => {
  assert.equal(graceOf(defaultTimes, 'slots', 5, day), 5)
  assert.equal(graceOf(defaultTimes, 'slots', undefined, hour), hour)
  assert.equal(graceOf(defaultTimes, 'slots', undefined, 90 * day), day)
  assert.equal(graceOf(defaultTimes, 'slots', undefined, undefined), day)
  assert.equal(graceOf(defaultTimes, 'single', undefined, hour), 0)
})

it('a new version lives as long as the one before was meant to', () => {
  assert.equal(expiresOf({ created: 10, expires: 110 }, 1000), 1100)
  assert.equal(expiresOf({ created: 10, expires: undefined }, 1000), undefined)
  assert.equal(expiresOf({ created: 10, expires: 5 }, 1000), undefined)
  assert.equal(expiresOf(undefined, 1000), undefined)
})
