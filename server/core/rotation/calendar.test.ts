import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Window } from '@cardea/contract/cardea/schedule'
import { type Calendar, isOpenAt, openingFrom } from './calendar.ts'

const at = (text: string) => Temporal.Instant.from(text).epochMilliseconds
const every = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
const nightly = (from: string, to: string, days: Window['days'] = every): Calendar => ({
  timeZone: 'Europe/Berlin',
  windows: [{ days, from, to }],
  blackouts: [],
})
const opening = (calendar: Calendar, from: string): [string, string] | undefined => {
  const found = openingFrom(calendar, at(from))
  const told = (ms: number) =>
    ms === Number.POSITIVE_INFINITY ? 'never' : Temporal.Instant.fromEpochMilliseconds(ms).toString()
  return found && [told(found.opens), told(found.closes)]
}

describe('maintenance windows', () => {
  it('open by the clock of their place, in winter and in summer', () => {
    assert.deepEqual(opening(nightly('02:00', '04:00'), '2026-01-10T12:00:00Z'), [
      '2026-01-11T01:00:00Z',
      '2026-01-11T03:00:00Z',
    ])
    assert.deepEqual(opening(nightly('02:00', '04:00'), '2026-07-10T12:00:00Z'), [
      '2026-07-11T00:00:00Z',
      '2026-07-11T02:00:00Z',
    ])
  })

  it('are open from now where now is within one', () => {
    assert.deepEqual(opening(nightly('02:00', '04:00'), '2026-07-11T01:00:00Z'), [
      '2026-07-11T01:00:00Z',
      '2026-07-11T02:00:00Z',
    ])
    assert.equal(isOpenAt(nightly('02:00', '04:00'), at('2026-07-11T02:00:00Z')), false)
  })

  it('go on past midnight, and belong to the day on which they open', () => {
    const friday = nightly('22:00', '03:00', ['fri'])
    assert.deepEqual(opening(friday, '2026-07-10T23:30:00Z'), ['2026-07-10T23:30:00Z', '2026-07-11T01:00:00Z'])
    assert.deepEqual(opening(friday, '2026-07-11T01:00:00Z'), ['2026-07-17T20:00:00Z', '2026-07-18T01:00:00Z'])
    assert.deepEqual(opening(nightly('00:00', '24:00', ['sun']), '2026-07-11T12:00:00Z'), [
      '2026-07-11T22:00:00Z',
      '2026-07-12T22:00:00Z',
    ])
  })

  it('lose the hour that summer time takes away, and open the next day if that was all they had', () => {
    assert.deepEqual(opening(nightly('01:00', '02:30'), '2026-03-28T12:00:00Z'), [
      '2026-03-29T00:00:00Z',
      '2026-03-29T01:00:00Z',
    ])
    assert.deepEqual(opening(nightly('02:30', '04:00'), '2026-03-28T12:00:00Z'), [
      '2026-03-29T01:00:00Z',
      '2026-03-29T02:00:00Z',
    ])
    assert.deepEqual(opening(nightly('02:00', '03:00'), '2026-03-28T12:00:00Z'), [
      '2026-03-30T00:00:00Z',
      '2026-03-30T01:00:00Z',
    ])
    assert.equal(opening(nightly('02:00', '03:00', ['sun']), '2026-03-28T12:00:00Z')?.[0], '2026-04-05T00:00:00Z')
  })

  it('gain the hour that winter time gives back', () => {
    assert.deepEqual(opening(nightly('02:00', '04:00'), '2026-10-24T12:00:00Z'), [
      '2026-10-25T00:00:00Z',
      '2026-10-25T03:00:00Z',
    ])
  })

  it('open on a leap day like on any other', () => {
    assert.equal(opening(nightly('02:00', '04:00', ['tue']), '2028-02-28T12:00:00Z')?.[0], '2028-02-29T01:00:00Z')
  })

  it('open in zones that are half an hour off, or change by half an hour', () => {
    const lordHowe = { ...nightly('02:00', '03:00'), timeZone: 'Australia/Lord_Howe' }
    assert.deepEqual(opening(lordHowe, '2026-10-03T12:00:00Z'), ['2026-10-03T15:30:00Z', '2026-10-03T16:00:00Z'])
  })
})

describe('blackouts', () => {
  const christmas: Calendar = {
    timeZone: 'Europe/Berlin',
    windows: [],
    blackouts: [{ from: '2026-12-20', to: '2027-01-06' }],
  }

  it('keep everything shut, their last day included', () => {
    assert.deepEqual(opening(christmas, '2026-12-01T00:00:00Z'), ['2026-12-01T00:00:00Z', '2026-12-19T23:00:00Z'])
    assert.deepEqual(opening(christmas, '2026-12-24T00:00:00Z'), ['2027-01-06T23:00:00Z', 'never'])
  })

  it('cut windows short, and put them off', () => {
    const both = { ...nightly('02:00', '04:00'), blackouts: [{ from: '2026-12-20T03:00', to: '2027-01-06T03:30' }] }
    assert.deepEqual(opening(both, '2026-12-19T12:00:00Z'), ['2026-12-20T01:00:00Z', '2026-12-20T02:00:00Z'])
    assert.deepEqual(opening(both, '2026-12-20T02:00:00Z'), ['2027-01-06T02:30:00Z', '2027-01-06T03:00:00Z'])
  })

  it('may follow each other and overlap', () => {
    const many = {
      ...christmas,
      blackouts: [
        { from: '2026-12-27', to: '2027-02-01' },
        { from: '2026-12-20', to: '2026-12-31' },
      ],
    }
    assert.equal(opening(many, '2026-12-24T00:00:00Z')?.[0], '2027-02-01T23:00:00Z')
  })

  it('that last for longer than any interval leave nothing open', () => {
    const forever = { ...nightly('02:00', '04:00'), blackouts: [{ from: '2026-01-01', to: '9999-12-31' }] }
    assert.equal(opening(forever, '2026-12-20T00:00:00Z'), undefined)
    assert.equal(isOpenAt(forever, at('2026-12-20T00:00:00Z')), false)
  })
})
