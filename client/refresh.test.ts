import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadRude } from './testing/load-rude.ts'
import { RudeAzure } from './testing/rude-azure.ts'
import { pause, until } from './testing/wait.ts'

/** A store as Azure has it: no change stream, so nothing but looking. */
const plain = { streams: false }

describe('refreshing by looking', { concurrency: 8 }, () => {
  it('finds what was written, added and deleted, and tells exactly that', async () => {
    await using azure = await RudeAzure.open(plain)
    for (const key of ['same', 'other', 'gone']) azure.set(key, '1')
    using loaded = await loadRude(azure, { refreshOptions: { refreshIntervalInMs: 1_000 } })
    azure.set('other', '2')
    azure.set('new', '2')
    azure.remove('gone')
    await until('it was noticed', () => loaded.told.length > 0)
    assert.deepEqual(loaded.told.sort(), ['gone: 1 → -', 'new: - → 2', 'other: 1 → 2'])
  })

  it('takes no setting for gone because a list never ends', async () => {
    await using azure = await RudeAzure.open(plain)
    for (const key of ['a', 'b']) azure.set(key, '1')
    using loaded = await loadRude(azure)
    const headers = { 'content-type': 'application/json' }
    azure.server.grudge(/^\/kv/, { status: 200, headers, body: '{"items":[],"@nextLink":"/kv?after=1"}' })
    await assert.rejects(loaded.configuration.refresh(), { code: 'malformed', message: /more than 1000 pages/ })
    assert.deepEqual(loaded.told, [])
    assert.deepEqual(loaded.configuration.keys(), ['a', 'b'])
  })

  it('asks only whether something changed, and tells nothing when nothing did', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.set('a', '1')
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure)
    const before = azure.server.asked(/^\/kv/).length
    for (let at = 0; at < 3; at += 1) await loaded.configuration.refresh()
    const asked = azure.server.asked(/^\/kv/).slice(before)
    assert.equal(asked.length, 3)
    assert.ok(asked.every(({ headers }) => headers['if-none-match']))
    azure.set('a', '1')
    azure.rotate('db', 's1')
    await loaded.configuration.refresh()
    assert.deepEqual(loaded.told, [])
  })

  it('leaves all as it is until the watched setting changes, then renews all, secrets too', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    azure.set('sentinel', '1')
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure, { refreshOptions: { watchedSettings: [{ key: 'sentinel' }] } })
    let swaps = 0
    loaded.configuration.onChange(() => (swaps += 1))
    azure.set('a', '2')
    await loaded.configuration.refresh()
    assert.equal(loaded.configuration.get('a'), '1')
    azure.secrets.get('db')?.push({ version: 'f'.repeat(32), value: 's2' })
    azure.set('sentinel', '2')
    await until('the sentinel was seen', () => loaded.told.length > 0)
    assert.deepEqual(loaded.told.sort(), ['a: 1 → 2', 'password: s1 → s2', 'sentinel: 1 → 2'])
    assert.equal(swaps, 1, 'all at once')
  })

  it('P7: an outage leaves the last good values, and ends by itself', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.set('a', '1')
    using loaded = await loadRude(azure, { refreshOptions: { refreshIntervalInMs: 1_000 } })
    azure.server.grudge(/./, 'hang-up')
    azure.server.dropAll()
    await assert.rejects(loaded.configuration.refresh(), { code: 'unreachable' })
    assert.equal(loaded.configuration.get('a'), '1')
    azure.set('a', '2')
    azure.server.forgive()
    await until('the outage is over', () => loaded.configuration.get('a') === '2')
    assert.deepEqual(loaded.told, ['a: 1 → 2'])
    assert.deepEqual(loaded.errors[0], { key: undefined, code: 'unreachable', text: loaded.errors[0]?.text })
  })

  for (const [what, manner] of [
    ['half', 'halve'],
    ['not JSON', { status: 200, body: 'oops' }],
    ['without items', { status: 200, body: '{"items":null}' }],
    ['with a null for a key', { status: 200, body: '{"items":[{"key":null,"value":"x","etag":"e"}]}' }],
  ] as const) {
    it(`P7: a page that is ${what} changes nothing, and loses no change`, async () => {
      await using azure = await RudeAzure.open({ ...plain, pageSize: 1 })
      azure.set('a', '1')
      azure.set('b', '1')
      using loaded = await loadRude(azure)
      azure.set('a', '2')
      azure.set('b', '2')
      azure.server.grudge(/after=1/, manner, { times: 1 })
      await assert.rejects(loaded.configuration.refresh())
      assert.deepEqual(loaded.told, [])
      await loaded.configuration.refresh()
      assert.deepEqual(loaded.told, ['a: 1 → 2', 'b: 1 → 2'])
    })
  }

  it('honours Retry-After: the store is left alone for as long as it asks', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.set('a', '1')
    using loaded = await loadRude(azure, { refreshOptions: { refreshIntervalInMs: 1_000 } })
    azure.server.grudge(/^\/kv/, { status: 429, headers: { 'retry-after': '2' } }, { times: 1 })
    await assert.rejects(loaded.configuration.refresh(), { code: 'throttled' })
    const asked = azure.server.asked(/^\/kv/).length
    azure.set('a', '2')
    await assert.rejects(loaded.configuration.refresh(), { code: 'throttled' })
    await pause(1_500)
    assert.equal(azure.server.asked(/^\/kv/).length, asked)
    await until('the time is over', () => loaded.configuration.get('a') === '2')
  })

  it('counts a setting without a value as not there', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    azure.set('b', null)
    using loaded = await loadRude(azure)
    assert.deepEqual(loaded.configuration.keys(), ['a'])
    azure.set('a', null)
    await until('it is gone', () => !loaded.configuration.has('a'))
    assert.deepEqual(loaded.told, ['a: 1 → -'])
  })

  it('collapses those who ask at once, and gives each a look that began after the question', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.set('a', '1')
    using loaded = await loadRude(azure)
    const before = azure.server.asked(/^\/kv/).length
    await Promise.all(Array.from({ length: 50 }, () => loaded.configuration.refresh()))
    assert.ok(azure.server.asked(/^\/kv/).length - before <= 2)
  })

  it('is quiet once it is closed', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    const loaded = await loadRude(azure, { refreshOptions: { refreshIntervalInMs: 1_000 } })
    const { configuration } = loaded
    const seen: unknown[] = []
    const looping = (async () => {
      for await (const change of configuration.changes()) seen.push(change)
    })()
    configuration.close()
    await looping
    await until('the stream is gone', () => azure.streams === 0)
    const asked = azure.server.seen.length
    azure.set('a', '2')
    await pause(1_300)
    assert.equal(azure.server.seen.length, asked)
    assert.equal(configuration.get('a'), '1')
    assert.deepEqual([loaded.told, loaded.errors, seen], [[], [], []])
  })
})

describe('listening', () => {
  it('gives changes to watchers, loops and listeners, until they have enough', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.set('a', '1')
    azure.set('b', '1')
    using loaded = await loadRude(azure)
    const { configuration } = loaded
    const watched: unknown[] = []
    const stop = configuration.watch('a', (change) => watched.push(change))
    const looped: string[] = []
    const looping = (async () => {
      for await (const { key } of configuration.changes()) if (looped.push(key) === 2) break
    })()
    azure.set('a', '2')
    azure.set('b', '2')
    await configuration.refresh()
    await looping
    stop()
    azure.set('a', '3')
    await configuration.refresh()
    assert.deepEqual(watched, [{ key: 'a', previous: '1', current: '2' }])
    assert.deepEqual(looped, ['a', 'b'])
  })

  it('a listener that throws harms nobody, and is told', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.set('a', '1')
    using loaded = await loadRude(azure)
    loaded.configuration.watch('a', () => {
      throw new Error('with a value in it')
    })
    loaded.configuration.watch('a', async () => Promise.reject(new Error('later')))
    const after: unknown[] = []
    loaded.configuration.watch('a', ({ current }) => after.push(current))
    azure.set('a', '2')
    await loaded.configuration.refresh()
    assert.deepEqual(after, ['2'])
    await until('both were told', () => loaded.errors.length === 2)
    assert.ok(loaded.errors.every(({ code, text }) => code === 'consumer' && !text.includes('value')))
  })
})
