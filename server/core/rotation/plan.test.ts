import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { weekdays } from '@cardea/contract/cardea/schedule'
import { always } from './calendar.ts'
import { type Bound, planOf } from './plan.ts'
import type { Schedule } from './policy.ts'

const day = 86_400_000
const at = (text: string) => Temporal.Instant.from(text).epochMilliseconds
const from = at('2026-01-01T00:00:00Z')
const frame = { from, until: from + 396 * day, atOnce: 16 }
const schedule: Schedule = {
  beforeExpiryMs: undefined,
  validityMs: undefined,
  cron: undefined,
  jitterMs: 0,
  calendar: always,
}

/** A secret that was published at the beginning. */
const bound = (name: string, more: Partial<Bound['policy']> = {}, around: Partial<Bound> = {}): Bound => ({
  name,
  policy: {
    provider: 'fake',
    binding: '{}',
    intervalMs: undefined,
    graceMs: 0,
    scrub: true,
    schedule,
    next: undefined,
    ...more,
  },
  age: { created: from, expires: undefined },
  off: false,
  retries: false,
  targets: [],
  draws: [],
  spread: 0,
  ...around,
})
const kinds = (...all: Bound[]) =>
  planOf(all, frame).conflicts.map(({ kind, secrets, times }) => [kind, secrets, times])
const quarterly = { intervalMs: 90 * day, next: from + 90 * day }

describe('a plan', () => {
  it('follows an interval from version to version', () => {
    const { rotations, conflicts } = planOf([bound('db', quarterly)], frame)
    assert.deepEqual(
      rotations.map(({ at }) => (at - from) / day),
      [90, 180, 270, 360],
    )
    assert.deepEqual(conflicts, [])
  })

  it('follows a clock through both changes of the hour', () => {
    const cron = { ...schedule, cron: '0 3 1 * *', calendar: { ...always, timeZone: 'Europe/Berlin' } }
    const { rotations } = planOf([bound('db', { schedule: cron, next: at('2026-01-01T02:00:00Z') })], frame)
    assert.equal(rotations.length, 13)
    const hours = rotations.map(({ at }) => Temporal.Instant.fromEpochMilliseconds(at).toString().slice(5, 16))
    assert.deepEqual(hours.slice(2, 5), ['03-01T02:00', '04-01T01:00', '05-01T01:00'])
    assert.equal(hours[10], '11-01T02:00')
  })

  it('gives each version its end, and begins before it', () => {
    const early = { ...schedule, beforeExpiryMs: 30 * day, validityMs: 100 * day }
    const { rotations, conflicts } = planOf([bound('db', { schedule: early })], frame)
    assert.deepEqual(
      rotations.map(({ at, expires = 0 }) => [(at - from) / day, (expires - from) / day]),
      [70, 140, 210, 280, 350].map((begins) => [begins, begins + 100]),
    )
    assert.deepEqual(conflicts, [])
  })

  it('rotates nothing that is on demand, disabled or deleted', () => {
    const { rotations } = planOf([bound('db'), bound('off', quarterly, { off: true })], frame)
    assert.deepEqual(rotations, [])
    assert.deepEqual(kinds(bound('db'), bound('off', quarterly, { off: true })), [['off', ['off'], 1]])
  })

  it('names what expires before anything replaces it', () => {
    const age = { created: from, expires: from + 30 * day }
    assert.deepEqual(kinds(bound('db', quarterly, { age }))[0], ['expires-first', ['db'], 5])
    assert.deepEqual(kinds(bound('db', {}, { age })), [['expires-first', ['db'], 1]])
    const late = { ...schedule, beforeExpiryMs: 5 * day }
    const dark = { ...late, calendar: { ...always, blackouts: [{ from: '2026-01-20', to: '2026-03-01' }] } }
    assert.deepEqual(kinds(bound('db', { schedule: dark }, { age }))[0], ['expires-first', ['db'], 1])
  })

  it('names schedules under which nothing ever begins', () => {
    const shut = { ...always, blackouts: [{ from: '2020-01-01', to: '9999-12-31' }] }
    const never = bound('db', { ...quarterly, next: from - day, schedule: { ...schedule, calendar: shut } })
    assert.deepEqual(kinds(never), [['never', ['db'], 1]])
    assert.deepEqual(kinds(bound('db', { schedule: { ...schedule, cron: '0 0 30 2 *' } })), [['never', ['db'], 1]])
  })

  it('names two that change one target at the same time, once, with how often', () => {
    const targets = ['postgres db:5432']
    const [one, other] = [bound('one', quarterly, { targets }), bound('other', quarterly, { targets })]
    assert.deepEqual(kinds(one, other), [['shared-target', ['one', 'other'], 4]])
    const apart = bound('other', { ...quarterly, next: from + 90 * day + 600_000 }, { targets })
    assert.deepEqual(kinds(one, apart), [])
  })

  it('names one that is changed while another draws on it', () => {
    assert.deepEqual(kinds(bound('admin', quarterly), bound('db', quarterly, { draws: ['admin'] })), [
      ['draws-on', ['admin', 'db'], 4],
    ])
  })

  it('names more than so many at once', () => {
    const many = Array.from({ length: 17 }, (_, index) => bound(`s${index}`, quarterly))
    assert.deepEqual(kinds(...many), [['crowded', [], 4]])
    assert.deepEqual(kinds(...many.slice(1)), [])
  })

  it('says how far it reaches where there is more than it can hold, and soon', () => {
    const often = Array.from({ length: 100 }, (_, index) => bound(`s${index}`, { intervalMs: 10_000, next: from }))
    const since = performance.now()
    const { rotations, until } = planOf(often, { ...frame, atOnce: 10_000 })
    assert.equal(rotations.length, 5_000)
    assert.equal(until, rotations.at(-1)?.at)
    assert.ok(performance.now() - since < 5_000)
  })

  it('keeps nobody waiting, however full the calendars are', () => {
    const full = (index: number): Schedule => ({
      ...schedule,
      calendar: {
        timeZone: 'Europe/Berlin',
        windows: Array.from({ length: 32 }, (_, at) => ({
          days: weekdays,
          from: `0${at % 10}:${10 + at}`,
          to: `1${at % 10}:${10 + index}`,
        })),
        blackouts: Array.from({ length: 64 }, (_, at) => ({ from: `20${30 + at}-01-01`, to: `20${30 + at}-02-01` })),
      },
    })
    const daily = { intervalMs: day, next: from + day }
    const many = Array.from({ length: 13 }, (_, index) => bound(`s${index}`, { ...daily, schedule: full(index) }))
    const since = performance.now()
    assert.equal(planOf(many, frame).rotations.length, 5_000)
    assert.ok(performance.now() - since < 5_000)
  })

  it('is empty where nothing is bound', () => {
    assert.deepEqual(planOf([], frame), { ...frame, rotations: [], conflicts: [] })
  })
})
