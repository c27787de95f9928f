import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { maySpeak, newsIn } from './alert.ts'

const minute = 60_000

describe('news', () => {
  const finding = (subject: string) => ({ subject, says: subject })
  it('is what wasn’t told, or was told a day ago and still lasts', () => {
    const told = new Map([
      ['told', 0],
      ['ended', 0],
    ])
    const now = newsIn([finding('new'), finding('told')], told, minute)
    assert.deepEqual([now.news.map(({ subject }) => subject), now.ended], [['new'], ['ended']])
    const later = newsIn([finding('told')], told, 24 * 60 * minute)
    assert.deepEqual(
      later.news.map(({ subject }) => subject),
      ['told'],
    )
  })
  it('waits for the pause to be over', () => {
    const rule = { pauseMs: minute }
    assert.equal(maySpeak(rule, { told: undefined, again: 0 }, 0), true)
    assert.equal(maySpeak(rule, { told: 0, again: 0 }, minute - 1), false)
    assert.equal(maySpeak(rule, { told: 0, again: 0 }, minute), true)
    assert.equal(maySpeak(rule, { told: undefined, again: 2 * minute }, minute), false)
  })
})
