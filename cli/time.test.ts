import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Misuse } from './command.ts'
import { timeFrom } from './time.ts'

const now = Date.UTC(2027, 0, 31, 12)
const read = (text: string, way: 'ago' | 'ahead' = 'ahead') => new Date(timeFrom('--at', text, now, way)).toISOString()

describe('a time that somebody types', () => {
  it('is a day in UTC, or a time with its offset', () => {
    assert.equal(read('2027-02-01'), '2027-02-01T00:00:00.000Z')
    assert.equal(read('2027-02-01T12:00Z'), '2027-02-01T12:00:00.000Z')
    assert.equal(read('2027-02-01T12:00:00.5+02:00'), '2027-02-01T10:00:00.500Z')
  })

  it('is by this machine’s clock where it has no offset', () => {
    assert.equal(read('2027-02-01T12:00'), new Date(2027, 1, 1, 12).toISOString())
  })

  it('is so long ago, or so far ahead', () => {
    assert.equal(read('2h'), '2027-01-31T14:00:00.000Z')
    assert.equal(read('7d', 'ago'), '2027-01-24T12:00:00.000Z')
  })

  for (const text of [
    '2027-02-30',
    '2027-13-01',
    '2027-02-01T25:00Z',
    '2027-02-01T12:00-05',
    'tomorrow',
    '',
    '999999999w',
  ])
    it(`is not ${text || 'nothing'}`, () => assert.throws(() => read(text), Misuse))
})
