import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { instant, instantIn } from './instant.ts'

describe('a point in time', () => {
  it('has its zone, in whichever way that is said', () => {
    const noon = Date.UTC(2030, 0, 31, 12)
    for (const spelled of ['2030-01-31T12:00Z', '2030-01-31T12:00:00Z', '2030-01-31t12:00:00.000000000z'])
      assert.equal(instantIn(spelled), noon, spelled)
    assert.equal(instantIn('2030-01-31T13:30:00+01:30'), noon)
    assert.equal(instantIn('2030-01-31T12:00:00.5-00:00'), noon + 500)
  })

  it('is in UTC, wherever the server stands, where no zone is needed and none is said', () => {
    const before = process.env.TZ
    process.env.TZ = 'Pacific/Kiritimati'
    try {
      assert.equal(new Date('2030-01-31T12:00').getTimezoneOffset(), -840)
      assert.equal(instantIn('2030-01-31T12:00:00', { zoneless: true }), Date.UTC(2030, 0, 31, 12))
      assert.equal(instantIn('2030-01-31', { day: true }), Date.UTC(2030, 0, 31))
    } finally {
      if (before === undefined) delete process.env.TZ
      else process.env.TZ = before
    }
  })

  for (const [what, spelled] of [
    ['a time without a zone', '2030-01-31T12:00:00'],
    ['a day alone', '2030-01-31'],
    ['a day that no month has', '2030-02-30T12:00:00Z'],
    ['the leap day of a year without one', '2030-02-29T12:00:00Z'],
    ['a month that is none', '2030-13-01T12:00:00Z'],
    ['an hour that is none', '2030-01-31T25:00:00Z'],
    ['a minute that is none', '2030-01-31T12:60:00Z'],
    ['the year nought', '0000-01-01T00:00:00Z'],
    ['what lies before the year 1 in UTC', '0001-01-01T00:00:00+00:01'],
    ['what lies after the year 9999 in UTC', '9999-12-31T23:59:59-00:01'],
    ['words around it', 'on 2030-01-31T12:00:00Z'],
    ['nothing', ''],
  ] as const) {
    it(`is not ${what}`, () => assert.equal(instantIn(spelled), undefined))
  }

  it('is asked for by an example', () => {
    assert.throws(
      () => instant().read(17, 'activates'),
      /^ShapeError: activates must be a time such as 2030-01-31T12:00:00Z$/,
    )
    assert.throws(() => instant({ day: true }).read('x', 'from'), /, or a day$/)
  })
})
