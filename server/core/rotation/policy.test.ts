import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { always } from './calendar.ts'
import {
  afterAbort,
  backoffMs,
  defaultTimes,
  expiresOf,
  givesUpAt,
  graceOf,
  nextBegin,
  nextDue,
  type Schedule,
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
    const policy = { intervalMs: 90 * day, schedule: undefined, next: 7 }
    const age = { created: 100, expires: undefined }
    assert.equal(afterAbort('superseded', policy, age, 100, 0), 100 + 90 * day)
    assert.equal(afterAbort('rebound', policy, age, 100, 0), 100)
    assert.equal(afterAbort('disabled', policy, age, 100, 0), 7)
    assert.equal(afterAbort('given-up', policy, age, 100, 0), 100 + day)
    assert.equal(afterAbort('given-up', { ...policy, intervalMs: hour }, age, 100, 0), 100 + hour)
    assert.equal(afterAbort('given-up', { ...policy, intervalMs: undefined }, age, 100, 0), undefined)
  })
})

describe('a schedule', () => {
  const at = (text: string) => Temporal.Instant.from(text).epochMilliseconds
  const schedule: Schedule = {
    beforeExpiryMs: undefined,
    validityMs: undefined,
    cron: undefined,
    jitterMs: undefined,
    calendar: always,
  }
  const berlin = { ...always, timeZone: 'Europe/Berlin' }
  const weekend = { ...berlin, windows: [{ days: ['sat', 'sun'] as const, from: '02:00', to: '05:00' }] }
  const now = at('2026-06-01T00:00:00Z')
  const age = { created: now, expires: undefined }

  it('goes by cron, by the clock of its place', () => {
    const rhythm = { intervalMs: undefined, schedule: { ...schedule, cron: '30 3 * * *', calendar: berlin } }
    assert.equal(nextBegin(rhythm, age, now, 0), at('2026-06-01T01:30:00Z'))
    assert.equal(nextBegin(rhythm, age, at('2026-12-01T00:00:00Z'), 0), at('2026-12-01T02:30:00Z'))
  })

  it('meets a time once that comes twice, and one that is left out a little later', () => {
    const rhythm = { intervalMs: undefined, schedule: { ...schedule, cron: '30 2 * * *', calendar: berlin } }
    const spring = nextBegin(rhythm, age, at('2026-03-28T12:00:00Z'), 0)
    assert.equal(spring, at('2026-03-29T01:00:00Z'))
    const autumn = nextBegin(rhythm, age, at('2026-10-24T12:00:00Z'), 0)
    assert.equal(autumn, at('2026-10-25T00:30:00Z'))
    assert.equal(nextBegin(rhythm, age, autumn as number, 0), at('2026-10-26T01:30:00Z'))
  })

  it('knows leap days', () => {
    const rhythm = { intervalMs: undefined, schedule: { ...schedule, cron: '0 0 29 2 *' } }
    assert.equal(nextBegin(rhythm, age, now, 0), at('2028-02-29T00:00:00Z'))
  })

  it('never begins at a time that never comes', () => {
    const rhythm = { intervalMs: undefined, schedule: { ...schedule, cron: '0 0 30 2 *' } }
    assert.equal(nextBegin(rhythm, age, now, 0), undefined)
  })

  it('begins before the version expires, or before it would under the policy', () => {
    const rhythm = { intervalMs: undefined, schedule: { ...schedule, beforeExpiryMs: 30 * day } }
    assert.equal(nextBegin(rhythm, { created: now, expires: now + 90 * day }, now, 0), now + 60 * day)
    assert.equal(nextBegin(rhythm, { created: now, expires: now + 90 * day }, now, 1), now + 60 * day - hour)
    assert.equal(nextBegin(rhythm, { created: now - 80 * day, expires: now + 10 * day }, now, 0), now)
    // What lives for less than that has half of its life: else each version would be due when it is made.
    assert.equal(nextBegin(rhythm, { created: now, expires: now + 10 * day }, now, 0), now + 5 * day)
    assert.equal(nextBegin(rhythm, age, now, 0), undefined)
    const lives = { intervalMs: undefined, schedule: { ...rhythm.schedule, validityMs: 70 * day } }
    assert.equal(nextBegin(lives, age, now, 0), now + 40 * day)
  })

  it('waits for the next window, and spreads what waits for it over its first half', () => {
    const rhythm = { intervalMs: day, schedule: { ...schedule, calendar: weekend } }
    const saturday = at('2026-06-06T00:00:00Z')
    assert.equal(nextBegin(rhythm, age, now, 0), saturday)
    assert.equal(nextBegin(rhythm, age, now, 0.5), saturday + hour / 2)
    const still = { ...rhythm, schedule: { ...rhythm.schedule, jitterMs: 0 } }
    assert.equal(nextBegin(still, age, now, 0.99), saturday)
  })

  it('keeps within a window that is shorter than the jitter', () => {
    const short = { ...berlin, windows: [{ days: ['sat'] as const, from: '02:00', to: '02:10' }] }
    for (const rhythm of [
      { intervalMs: day, schedule: { ...schedule, calendar: short, jitterMs: 3 * hour } },
      { intervalMs: undefined, schedule: { ...schedule, calendar: short, cron: '5 2 * * sat', jitterMs: 3 * hour } },
    ]) {
      for (const spread of [0, 0.5, 0.999]) {
        const begins = nextBegin(rhythm, age, now, spread) as number
        assert.ok(begins >= at('2026-06-06T00:00:00Z') && begins < at('2026-06-06T00:10:00Z'), String(spread))
      }
    }
  })

  it('begins in a window again after one that was given up', () => {
    const policy = { intervalMs: day, next: undefined, schedule: { ...schedule, calendar: weekend } }
    assert.equal(afterAbort('given-up', policy, age, now, 0), at('2026-06-06T00:00:00Z'))
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
  assert.equal(expiresOf(undefined, 1000, 50), 1050)
  assert.equal(expiresOf({ created: 10, expires: 110 }, 1000, 50), 1050)
})
