import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigurationError } from './errors.ts'
import { Feed } from './feed.ts'
import { pauseMs } from './pace.ts'
import { changesBetween, type Entry, type Gap, nextState } from './state.ts'

const entry = (value: string): Entry => ({ value, contentType: undefined, secret: undefined })
const gap = { error: new ConfigurationError('refused', 'not now') }

describe('a state', () => {
  it('keeps the last good value where none can be had, and invents none', () => {
    const before = new Map([['a', entry('1')]])
    const wanted = new Map<string, Entry | Gap>(Object.entries({ a: gap, b: gap, c: entry('3') }))
    const after = nextState(wanted, before)
    assert.deepEqual([...after.keys()], ['a', 'c'])
    assert.equal(after.get('a')?.value, '1')
  })

  it('lets go of keys that are gone', () => {
    assert.equal(nextState(new Map(), new Map([['a', entry('1')]])).size, 0)
  })

  it('tells exactly the keys whose value differs', () => {
    const before = new Map([
      ['same', entry('1')],
      ['other', entry('1')],
      ['gone', entry('1')],
    ])
    const after = new Map([
      ['same', entry('1')],
      ['other', entry('2')],
      ['new', entry('2')],
    ])
    assert.deepEqual(changesBetween(before, after), [
      { key: 'other', previous: '1', current: '2' },
      { key: 'gone', previous: '1' },
      { key: 'new', current: '2' },
    ])
  })
})

describe('a feed of changes', () => {
  it('joins what its reader hasn’t taken, and forgets what came back to where it was', async () => {
    const feed = new Feed(() => {})
    feed.push([{ key: 'a', previous: '1', current: '2' }])
    feed.push([{ key: 'b', previous: '1', current: '2' }])
    feed.push([{ key: 'b', previous: '2', current: '1' }])
    feed.push([{ key: 'a', previous: '2', current: '3' }])
    assert.deepEqual(await feed.next(), { done: false, value: { key: 'a', previous: '1', current: '3' } })
    void feed.return()
    assert.equal((await feed.next()).done, true)
  })
})

describe('a pause', () => {
  it('doubles up to its bound, with jitter', () => {
    const pace = { firstMs: 100, mostMs: 1_000 }
    assert.equal(
      pauseMs(0, pace, 0, () => 0.5),
      100,
    )
    assert.equal(
      pauseMs(3, pace, 0, () => 0.5),
      800,
    )
    assert.equal(
      pauseMs(9, pace, 0, () => 0.5),
      1_000,
    )
    assert.equal(
      pauseMs(0, pace, 0, () => 0),
      75,
    )
  })

  it('is never shorter than the service asked for', () => {
    for (const random of [0, 0.5, 1]) assert.ok(pauseMs(0, { firstMs: 1, mostMs: 2 }, 5_000, () => random) >= 5_000)
  })
})
