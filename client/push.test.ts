import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Follower } from './follower.ts'
import { loadRude } from './testing/load-rude.ts'
import { eventOf, RudeAzure } from './testing/rude-azure.ts'
import { pause, until } from './testing/wait.ts'

const never = {
  refreshOptions: { refreshIntervalInMs: 3_600_000 },
  keyVaultOptions: { secretRefreshIntervalInMs: Number.POSITIVE_INFINITY },
}

describe('following a store’s changes', { concurrency: 8 }, () => {
  it('brings what was written, deleted and rotated at once, and asks for nothing else', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    azure.set('gone', '1')
    azure.set('elsewhere', '1', { label: 'prod' })
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure, never)
    const before = azure.server.seen.length
    azure.set('a', '2')
    await until('a is there', () => loaded.told.length === 1)
    azure.remove('gone')
    await until('gone is gone', () => loaded.told.length === 2)
    azure.rotate('db', 's2')
    await until('the secret is there', () => loaded.told.length === 3)
    azure.set('elsewhere', '2', { label: 'prod' })
    await pause(50)
    assert.deepEqual(loaded.told, ['a: 1 → 2', 'gone: 1 → -', 'password: s1 → s2'])
    const asked = azure.server.seen.slice(before).map(({ path }) => path.split('?')[0])
    assert.deepEqual(asked, ['/kv/a', '/kv/gone', '/secrets/db/'])
  })

  it('misses nothing that changes while it loads', async () => {
    await using azure = await RudeAzure.open({ pageSize: 1 })
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    azure.set('a', '1')
    // The first request brings the challenge; the second one's answer is made before the rotation, and sent after it.
    const rotated = until('the secret is read', () => azure.server.asked(/secrets\/db/).length === 2).then(() => {
      azure.rotate('db', 's2')
      azure.set('a', '2')
    })
    azure.server.grudge(/secrets\/db/, { until: rotated.then(() => pause(50)) }, { times: 1 })
    azure.server.grudge(/secrets\/db/, { lateMs: 1 }, { times: 1 })
    using loaded = await loadRude(azure, never)
    await until(
      'both came',
      () => loaded.configuration.get('a') === '2' && loaded.configuration.get('password') === 's2',
    )
  })

  it('misses nothing when the stream opens only after the load', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    azure.server.grudge(/changes/, { lateMs: 1_300 }, { times: 1 })
    using loaded = await loadRude(azure, never)
    azure.settings.set('a\n', { key: 'a', label: null, value: '2', content_type: null, etag: 'silently' })
    await until('the opened stream made it look', () => loaded.configuration.get('a') === '2')
  })

  it('misses nothing when the stream opens in the middle of the load', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    azure.server.grudge(/changes/, { lateMs: 1_200 }, { times: 1 })
    azure.server.grudge(/secrets/, { lateMs: 300 }, { times: 2 })
    const read = until('the settings are read', () => azure.server.asked(/^\/kv/).length > 0).then(() => pause(50))
    const changed = read.then(() => {
      azure.settings.set('a\n', { key: 'a', label: null, value: '2', content_type: null, etag: 'silently' })
    })
    using loaded = await loadRude(azure, never)
    await changed
    await until('it looked once more', () => loaded.configuration.get('a') === '2')
  })

  it('believes in a deletion when it was told, or when the list says so, not because of a 404', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    using loaded = await loadRude(azure, never)
    azure.server.grudge(/^\/kv\/a/, { status: 404 }, { times: 1 })
    azure.set('a', '2')
    await until('the list had it', () => loaded.configuration.get('a') === '2')
    assert.deepEqual(loaded.told, ['a: 1 → 2'])
  })

  it('opens a broken stream again where it was cut, looks at everything, and knows what it has heard', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    azure.set('b', '1')
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure, never)
    const heard = azure.sequence
    azure.cut('id: 99\ndata: {"sequence":99,"type":"setting-wri')
    await until('the stream is cut', () => azure.streams === 0)
    azure.set('a', '2')
    azure.secrets.get('db')?.push({ version: 'e'.repeat(32), value: 's2' })
    await until('all is there', () => loaded.told.length === 2)
    assert.deepEqual(loaded.told.sort(), ['a: 1 → 2', 'password: s1 → s2'])
    const [, resumed] = azure.server.asked(/changes/)
    assert.equal(resumed?.headers['last-event-id'], String(heard))
    assert.equal(azure.streams, 1)
    azure.set('b', '2')
    await until('the new stream works', () => loaded.told.length === 3)
  })

  it('takes an event that comes again only once', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    using loaded = await loadRude(azure, never)
    azure.set('a', '2')
    await until('it came', () => loaded.told.length === 1)
    const before = azure.server.seen.length
    const event = eventOf({ sequence: azure.sequence, type: 'setting-written', resource: 'x', name: 'a' })
    azure.write(event + event + event)
    await pause(50)
    assert.equal(azure.server.seen.length, before)
  })

  it('looks at everything when an event can’t be read', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    using loaded = await loadRude(azure, never)
    azure.settings.set('a\n', { key: 'a', label: null, value: '2', content_type: null, etag: 'silently' })
    azure.write('data: {"sequence":null}\n\n')
    await until('it looked', () => loaded.configuration.get('a') === '2')
    assert.deepEqual(
      loaded.errors.map(({ code }) => code),
      ['malformed'],
    )
  })

  it('a change whose reading fails is not lost', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    using loaded = await loadRude(azure, never)
    azure.server.grudge(/^\/kv/, { status: 500 }, { times: 1 })
    azure.set('a', '2')
    await until('it was tried again', () => loaded.configuration.get('a') === '2')
    assert.deepEqual(
      loaded.errors.map(({ code }) => code),
      ['refused'],
    )
  })

  it('an answer that is late never hides a newer value', async () => {
    await using azure = await RudeAzure.open()
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure, never)
    azure.server.grudge(/secrets\/db/, { lateMs: 150 }, { times: 1 })
    azure.rotate('db', 's2')
    await pause(50)
    azure.rotate('db', 's3')
    await until('the newest is there', () => loaded.configuration.get('password') === 's3')
    assert.deepEqual(loaded.told, ['password: s1 → s2', 'password: s2 → s3'])
  })

  for (const status of [404, 405, 501]) {
    it(`looks from time to time, and doesn’t ask again, where there is no stream (${status})`, async () => {
      await using azure = await RudeAzure.open()
      azure.set('a', '1')
      azure.server.grudge(/changes/, { status })
      using loaded = await loadRude(azure, { refreshOptions: { refreshIntervalInMs: 1_000 } })
      azure.set('a', '2')
      await until('looking found it', () => loaded.configuration.get('a') === '2')
      assert.equal(azure.server.asked(/changes/).length, 1)
      assert.deepEqual(loaded.errors, [])
    })
  }

  it('takes a page of HTML for no stream, and a 500 for a stream that will come', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    azure.server.grudge(/changes/, { status: 500 }, { times: 2 })
    using loaded = await loadRude(azure, never)
    await until('the stream stands', () => azure.streams === 1)
    await using other = await RudeAzure.open()
    other.set('a', '1')
    other.server.grudge(/changes/, { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' })
    using alone = await loadRude(other, never)
    await pause(300)
    assert.equal(other.server.asked(/changes/).length, 1)
    assert.equal(loaded.configuration.get('a'), alone.configuration.get('a'))
  })

  it('asks with a new token when the old one is refused', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    using loaded = await loadRude(azure, never)
    azure.tokens.clear()
    azure.cut()
    await until('the stream is cut', () => azure.streams === 0)
    await until('the stream stands again', () => azure.streams === 1)
    azure.set('a', '2')
    await until('it works', () => loaded.configuration.get('a') === '2')
  })

  it('only one stream is open', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    using loaded = await loadRude(azure, never)
    for (let at = 0; at < 3; at += 1) {
      azure.cut()
      await until('it is cut', () => azure.streams === 0)
      await until('it stands again', () => azure.streams === 1)
    }
    await loaded.configuration.refresh()
    assert.equal(azure.streams, 1)
  })

  it('gives up a stream that has been silent for too long', async () => {
    await using azure = await RudeAzure.open()
    const { Store } = await import('./store.ts')
    const { openTransport } = await import('./transport.ts')
    const { byKey, connectionFrom } = await import('./authorization.ts')
    const transport = openTransport(azure.clientOptions)
    const store = new Store(azure.endpoint, transport, byKey(connectionFrom(azure.connectionString).key))
    let stood = 0
    const follower = new Follower(
      {
        store: store.endpoint,
        open: (after, signal) => store.follow(after, signal),
        stands: () => (stood += 1),
        changed: () => {},
        failed: () => {},
      },
      200,
    )
    await follower.answered
    for (let at = 0; at < 8; at += 1) {
      await pause(50)
      azure.write(': still here\n\n')
    }
    assert.equal(stood, 1)
    await until('it was opened anew', () => stood === 2)
    follower.close()
    transport.close()
  })
})
