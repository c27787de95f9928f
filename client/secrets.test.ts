import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadRude } from './testing/load-rude.ts'
import { RudeAzure } from './testing/rude-azure.ts'
import { pause, until } from './testing/wait.ts'

const plain = { streams: false }

describe('secrets behind settings', { concurrency: 8 }, () => {
  it('are read anew by the default interval, or by the key’s own', async () => {
    await using azure = await RudeAzure.open(plain)
    for (const name of ['slow', 'quick']) {
      azure.rotate(name, `${name}1`)
      azure.point(`Shop:${name}`, name)
    }
    using loaded = await loadRude(azure, { trimKeyPrefixes: ['Shop:'] })
    const { configuration } = loaded
    // By the key in the store, as the official providers take it; the trimmed one does as well.
    configuration.setSecretRefreshInterval('Shop:quick', 1_000)
    azure.rotate('slow', 'slow2')
    const version = azure.rotate('quick', 'quick2')
    await until('the quick one is there', () => configuration.get('quick') === 'quick2')
    assert.equal(configuration.secretVersion('quick'), version)
    assert.equal(configuration.get('slow'), 'slow1')
    configuration.setSecretRefreshInterval(1_000)
    await until('the slow one is there', () => configuration.get('slow') === 'slow2')
    assert.deepEqual(loaded.told, ['quick: quick1 → quick2', 'slow: slow1 → slow2'])
    assert.throws(() => configuration.setSecretRefreshInterval(10), { code: 'invalid' })
    assert.throws(() => configuration.setSecretRefreshInterval('quick', Number.NaN), { code: 'invalid' })
  })

  it('a pinned version is read once and never again', async () => {
    await using azure = await RudeAzure.open()
    const version = azure.rotate('db', 's1')
    azure.point('password', 'db', version)
    using loaded = await loadRude(azure)
    loaded.configuration.setSecretRefreshInterval(1_000)
    azure.rotate('db', 's2')
    azure.tell({ type: 'setting-target-changed', name: 'password' })
    await loaded.configuration.refresh()
    await pause(1_200)
    assert.equal(azure.server.asked(/secrets\/db/).length, 2) // the challenge, and the value
    assert.equal(loaded.configuration.get('password'), 's1')
    assert.equal(loaded.configuration.secretVersion('password'), version)
  })

  it('two keys that share a secret share one request, and both get the new value at once', async () => {
    await using azure = await RudeAzure.open()
    azure.rotate('db', 's1')
    azure.point('one', 'db')
    azure.point('two', 'db')
    using loaded = await loadRude(azure)
    const swaps: number[] = []
    loaded.configuration.onChange((changes) => swaps.push(changes.length))
    const before = azure.server.asked(/secrets\/db/).length
    assert.equal(before, 2)
    azure.rotate('db', 's2')
    await until('it came', () => loaded.told.length > 0)
    assert.deepEqual(loaded.told, ['one: s1 → s2', 'two: s1 → s2'])
    assert.deepEqual(swaps, [2])
  })

  it('P7: one that fails keeps its value, is named, stands in nobody’s way, and heals by itself', async () => {
    await using azure = await RudeAzure.open()
    for (const name of ['sick', 'well']) {
      azure.rotate(name, `${name}1`)
      azure.point(name, name)
    }
    azure.set('plain', '1')
    using loaded = await loadRude(azure)
    const { configuration, told, errors } = loaded
    azure.server.grudge(/secrets\/sick/, { status: 500 })
    azure.rotate('sick', 'sick2')
    azure.rotate('well', 'well2')
    azure.set('plain', '2')
    await until('the others are there', () => told.length === 2)
    assert.equal(configuration.get('sick'), 'sick1')
    assert.deepEqual(told.sort(), ['plain: 1 → 2', 'well: well1 → well2'])
    await until('it was tried again', () => errors.length > 1)
    assert.ok(errors.every(({ key, code, text }) => key === 'sick' && code === 'refused' && !/sick[12]/.test(text)))
    azure.server.forgive()
    await until('it has healed', () => configuration.get('sick') === 'sick2')
    assert.equal(told.at(-1), 'sick: sick1 → sick2')
  })

  it('are tried again with growing pauses, however often someone looks', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure, { refreshOptions: { refreshIntervalInMs: 1_000 } })
    azure.server.grudge(/secrets\/other/, { status: 500 })
    azure.point('password', 'other')
    await loaded.configuration.refresh()
    const before = azure.server.asked(/secrets\/other/).length
    await pause(2_600) // Two polls; retries after about 0.5 s, 1 s and 2 s.
    const tries = azure.server.asked(/secrets\/other/).length - before
    assert.ok(tries >= 1 && tries <= 3, `${tries} tries`)
  })

  it('a setting pointed at a secret that fails keeps its old value, and takes the new one when it can', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.rotate('old', 'o')
    azure.point('password', 'old')
    using loaded = await loadRude(azure)
    azure.point('password', 'new')
    azure.set('plain', '1')
    await loaded.configuration.refresh()
    assert.deepEqual(loaded.told, ['plain: - → 1'])
    assert.equal(loaded.configuration.get('password'), 'o')
    azure.rotate('new', 'n')
    await until('it healed without another edit', () => loaded.configuration.get('password') === 'n')
  })

  it('a reference that isn’t one keeps the last good value and is named', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure)
    const contentType = 'application/vnd.microsoft.appconfig.keyvaultref+json'
    for (const value of [
      '{}',
      'null',
      '{"uri":"http://v1.vault.rude.test/secrets/db"}',
      '{"uri":"https://v1.vault.rude.test/keys/db"}',
    ]) {
      azure.set('password', value, { contentType })
      await loaded.configuration.refresh()
    }
    assert.equal(loaded.configuration.get('password'), 's1')
    assert.deepEqual(
      loaded.errors.map(({ key, code }) => `${key} ${code}`),
      Array(4).fill('password malformed'),
    )
  })

  it('P7: an answer with null, of another secret, or of none is no value', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure)
    const id = `${azure.vault}/secrets/db/${'a'.repeat(32)}`
    const other = id.replace('/db/', '/other/')
    for (const body of [
      { id, value: null },
      { id },
      { value: 'x' },
      { id: other, value: 'x' },
      { id, value: { a: 1 } },
      [],
      null,
    ]) {
      azure.server.grudge(/secrets\/db/, { status: 200, body: JSON.stringify(body) }, { times: 1 })
      await loaded.configuration.refresh('password')
      assert.equal(loaded.configuration.get('password'), 's1')
    }
    assert.equal(loaded.errors.length, 7)
    assert.deepEqual(loaded.told, [])
  })

  it('an empty secret is a value', async () => {
    await using azure = await RudeAzure.open()
    azure.rotate('db', '')
    azure.point('password', 'db')
    using loaded = await loadRude(azure)
    assert.equal(loaded.configuration.get('password'), '')
  })

  it('one that was deleted keeps its last value', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure)
    azure.secrets.delete('db')
    await loaded.configuration.refresh()
    assert.equal(loaded.configuration.get('password'), 's1')
    assert.deepEqual(
      loaded.errors.map(({ key, code }) => `${key} ${code}`),
      ['password not-found'],
    )
  })

  it('new settings and their new secrets appear together', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.set('url', 'old')
    using loaded = await loadRude(azure)
    const swaps: string[][] = []
    loaded.configuration.onChange((changes) => swaps.push(changes.map(({ key }) => key)))
    azure.server.grudge(/secrets\/db/, { lateMs: 200 })
    azure.rotate('db', 's1')
    azure.set('url', 'new')
    azure.point('password', 'db')
    await loaded.configuration.refresh()
    assert.deepEqual(swaps, [['url', 'password']])
  })

  it('renews a token that the vault no longer takes', async () => {
    await using azure = await RudeAzure.open(plain)
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure)
    azure.tokens.clear()
    azure.rotate('db', 's2')
    await loaded.configuration.refresh()
    assert.equal(loaded.configuration.get('password'), 's2')
    assert.deepEqual(loaded.errors, [])
  })

  it('gets a new token before the old one expires', async () => {
    await using azure = await RudeAzure.open({ ...plain, tokenSeconds: 1 })
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure)
    for (let at = 0; at < 8; at += 1) {
      await pause(200)
      await loaded.configuration.refresh()
    }
    assert.equal(azure.server.asked(/^\/kv/).length, 9, 'no request was refused')
    assert.deepEqual(loaded.errors, [])
    assert.ok(azure.tokens.size >= 4)
  })
})
