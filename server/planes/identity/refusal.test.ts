import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Fault } from '#base/fault.ts'
import { Refusal, refusalOf } from './refusal.ts'

describe('what goes wrong while somebody signs in', () => {
  it('is told in OAuth’s words: to come again when it is too much, or when nothing works', () => {
    const crowd = refusalOf(new Fault('throttled', 'Too many people sign in at once. Try again.', { retryMs: '1500' }))
    assert.deepEqual([crowd.status, crowd.error, crowd.retrySeconds], [429, 'temporarily_unavailable', 2])
    const outage = refusalOf(new Fault('unavailable', 'The disk is full.'))
    assert.deepEqual([outage.status, outage.error], [503, 'temporarily_unavailable'])
    assert.doesNotMatch(outage.message, /disk/)
    const own = new Refusal(400, 'invalid_scope', 70011, 'Not this one.')
    assert.equal(refusalOf(own), own)
  })

  it('stays a mistake of ours when it is one', () => {
    const mistake = new TypeError('x is undefined')
    assert.throws(() => refusalOf(mistake), mistake)
  })
})
