import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ConfigurationError, load } from './index.ts'
import { loadRude } from './testing/load-rude.ts'
import { RudeAzure } from './testing/rude-azure.ts'
import type { Manner } from './testing/rude-server.ts'
import { until } from './testing/wait.ts'

const isError = (wanted: Partial<Record<keyof ConfigurationError, unknown>>) => (error: ConfigurationError) => {
  for (const [name, value] of Object.entries(wanted)) {
    const found = error[name as keyof ConfigurationError]
    if (value instanceof RegExp) assert.match(String(found), value)
    else assert.equal(found, value)
  }
  return true
}

describe('loading a configuration', { concurrency: 8 }, () => {
  it('gives settings and the secrets they point at, by the environment’s identity', async () => {
    await using azure = await RudeAzure.open()
    azure.set('greeting', 'hello')
    const version = azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure)
    const { configuration } = loaded
    assert.deepEqual(configuration.entries(), [
      ['greeting', 'hello'],
      ['password', 's1'],
    ])
    assert.equal(configuration.secretVersion('password'), version)
    assert.equal(configuration.secretVersion('greeting'), undefined)
    assert.equal(configuration.get('nothing'), undefined)
    assert.equal(configuration.has('greeting'), true)
  })

  it('works with a connection string, signing each request', async () => {
    await using azure = await RudeAzure.open({ pageSize: 2 })
    for (const key of ['a', 'b', 'c', 'd e/f:g']) azure.set(key, key)
    using configuration = await load(azure.connectionString, { clientOptions: azure.clientOptions })
    assert.deepEqual(configuration.keys(), ['a', 'b', 'c', 'd e/f:g'])
    assert.ok(azure.server.asked(/^\/kv/).every(({ headers }) => headers.authorization?.startsWith('HMAC-SHA256 ')))
    azure.set('d e/f:g', 'new')
    await until('a key with odd signs is followed', () => configuration.get('d e/f:g') === 'new')
  })

  it('takes any credential with getToken', async () => {
    await using azure = await RudeAzure.open()
    const asked: string[] = []
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    const credential = {
      async getToken(scopes: string | string[]) {
        asked.push(String(scopes))
        azure.tokens.set(`own ${scopes}`, {
          audience: String(scopes).replace('/.default', ''),
          until: Date.now() + 60_000,
        })
        return { token: `own ${scopes}`, expiresOnTimestamp: Date.now() + 60_000 }
      },
    }
    using configuration = await load(azure.endpoint, credential, { clientOptions: azure.clientOptions })
    assert.equal(configuration.get('password'), 's1')
    assert.deepEqual(asked, [`${azure.endpoint}/.default`, 'https://vault.rude.test/.default'])
  })

  it('follows selectors in their order, labels, and trims prefixes', async () => {
    await using azure = await RudeAzure.open()
    azure.set('Shop:a', 'common')
    azure.set('Shop:b', 'common')
    azure.set('Shop:a', 'prod', { label: 'prod' })
    azure.set('Other:c', 'common')
    using loaded = await loadRude(azure, {
      selectors: [{ keyFilter: 'Shop:*' }, { keyFilter: 'Shop:*', labelFilter: 'prod' }],
      trimKeyPrefixes: ['Shop:'],
    })
    assert.deepEqual(loaded.configuration.entries(), [
      ['a', 'prod'],
      ['b', 'common'],
    ])
    azure.remove('Shop:a', 'prod')
    await until('the common value shines through', () => loaded.configuration.get('a') === 'common')
  })

  it('reads all pages', async () => {
    await using azure = await RudeAzure.open({ pageSize: 3 })
    for (let at = 0; at < 10; at += 1) azure.set(`key${at}`, String(at))
    using loaded = await loadRude(azure)
    assert.equal(loaded.configuration.keys().length, 10)
  })

  it('reads pages again until nothing moved under it', async () => {
    await using azure = await RudeAzure.open({ pageSize: 1, streams: false })
    azure.set('a', 'old')
    azure.set('b', 'old')
    // The second page is answered when a writer has just changed both: `a` was read before, `b` after.
    const written = until('the second page is asked for', () => azure.server.asked(/after=1/).length > 0).then(() => {
      azure.set('a', 'new')
      azure.set('b', 'new')
    })
    azure.server.grudge(/after=1/, { until: written }, { times: 1 })
    using loaded = await loadRude(azure)
    assert.deepEqual(loaded.configuration.entries(), [
      ['a', 'new'],
      ['b', 'new'],
    ])
  })

  it('knows a reference by its media type, whatever its parameters', async () => {
    await using azure = await RudeAzure.open()
    azure.rotate('db', 's1')
    const uri = JSON.stringify({ uri: `${azure.vault}/secrets/db` })
    for (const contentType of [
      'application/vnd.microsoft.appconfig.keyvaultref+json',
      'Application/VND.Microsoft.AppConfig.KeyVaultRef+JSON; charset=UTF-8',
    ]) {
      azure.set(contentType.slice(0, 3), uri, { contentType })
    }
    azure.set('text', uri, { contentType: 'text/plain' })
    using loaded = await loadRude(azure)
    assert.deepEqual(Object.fromEntries(loaded.configuration.entries()), { app: 's1', App: 's1', text: uri })
  })

  it('makes an object of it, with JSON values as they are meant', async () => {
    await using azure = await RudeAzure.open()
    azure.set('shop:limits', '{"most":3}', { contentType: 'application/json;charset=utf-8' })
    azure.set('shop:name', '7')
    azure.set('__proto__:x', 'y')
    using loaded = await loadRude(azure)
    const object = loaded.configuration.constructConfigurationObject({ separator: ':' })
    assert.equal(JSON.stringify(object), '{"__proto__":{"x":"y"},"shop":{"limits":{"most":3},"name":"7"}}')
    assert.equal(({} as Record<string, unknown>).x, undefined)
    azure.set('shop', 'both')
    await until('the clash is there', () => loaded.configuration.has('shop'))
    assert.throws(
      () => loaded.configuration.constructConfigurationObject({ separator: ':' }),
      isError({ code: 'invalid' }),
    )
  })

  it('waits for a secret that is missing at first', async () => {
    await using azure = await RudeAzure.open()
    azure.point('password', 'db')
    const loading = loadRude(azure)
    await until('the secret was asked for', () => azure.server.asked(/secrets\/db/).length > 1)
    azure.rotate('db', 's1')
    using loaded = await loading
    assert.equal(loaded.configuration.get('password'), 's1')
  })

  const manners: [string, Manner][] = [
    ['500', { status: 500 }],
    ['half a JSON text', { status: 200, body: '{"items":[{"key":"a","va' }],
    ['a number for a value', { status: 200, body: '{"items":[{"key":"a","value":7,"etag":"x"}]}' }],
    ['a page of something else', { status: 200, body: '<html>welcome</html>' }],
    ['half an answer', 'halve'],
    ['nothing, and hangs up', 'hang-up'],
  ]
  for (const [what, manner] of manners) {
    it(`survives a server that answers ${what}`, async () => {
      await using azure = await RudeAzure.open()
      azure.set('a', '1')
      azure.server.grudge(/^\/kv/, manner, { times: 1 })
      using loaded = await loadRude(azure)
      assert.equal(loaded.configuration.get('a'), '1')
    })
  }

  it('fails after the start-up time-out, naming the key and the reason', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    azure.rotate('fine', 'good value')
    azure.point('fine', 'fine')
    azure.point('password', 'db')
    const options = { clientOptions: azure.clientOptions, startupOptions: { timeoutInMs: 1_500 } }
    await assert.rejects(
      load(azure.endpoint, options),
      isError({
        code: 'not-found',
        key: 'password',
        message: /"password": v1\.vault\.rude\.test answered 404 SecretNotFound/,
      }),
    )
  })

  it('fails in time when the store is silent, or a secret without a value', async () => {
    await using azure = await RudeAzure.open()
    const options = { clientOptions: azure.clientOptions, startupOptions: { timeoutInMs: 1_500 } }
    azure.server.grudge(/^\/kv/, 'silent')
    await assert.rejects(load(azure.endpoint, options), isError({ code: 'timeout' }))
    azure.server.forgive()
    azure.rotate('db', null)
    azure.point('password', 'db')
    await assert.rejects(load(azure.endpoint, options), isError({ code: 'malformed', key: 'password' }))
  })

  for (const resource of [
    'https://vault.azure.net',
    'https://v1.vault.rude.test',
    'https://test',
    'http://vault.rude.test',
    'api://x',
  ]) {
    it(`gives no token to a vault that isn’t under the resource it names: ${resource}`, async () => {
      await using azure = await RudeAzure.open()
      azure.rotate('db', 's1')
      azure.point('password', 'db')
      azure.resource = resource
      const options = { clientOptions: azure.clientOptions, startupOptions: { timeoutInMs: 1_500 } }
      await assert.rejects(
        load(azure.endpoint, options),
        isError({ code: /untrusted|unauthenticated/, key: 'password' }),
      )
      assert.ok(azure.server.asked(/secrets/).every(({ headers }) => headers.authorization === undefined))
    })
  }

  it('follows a link to the next page nowhere else', async () => {
    await using azure = await RudeAzure.open()
    const body = JSON.stringify({ items: [], '@nextLink': 'https://v1.vault.rude.test/kv?after=1' })
    azure.server.grudge(/^\/kv/, { status: 200, body })
    const options = { clientOptions: azure.clientOptions, startupOptions: { timeoutInMs: 1_500 } }
    await assert.rejects(load(azure.endpoint, options), isError({ code: 'untrusted' }))
    assert.equal(azure.server.seen.filter(({ host }) => host.includes('vault')).length, 0)
  })

  it('refuses at once what can never work', async () => {
    await assert.rejects(load('http://shop.config.rude.test'), isError({ code: 'invalid' }))
    await assert.rejects(load('Endpoint=https://x;Id=y'), isError({ code: 'invalid' }))
    await assert.rejects(
      load('https://x.test', { clientOptions: { env: {} } }),
      isError({ message: /AZURE_CLIENT_ID/ }),
    )
    const quick = { clientOptions: { env: {} }, refreshOptions: { refreshIntervalInMs: 10 } }
    await assert.rejects(load('Endpoint=https://x;Id=y;Secret=eg==', quick), isError({ message: /at least 1000/ }))
    const wide = { selectors: [{ keyFilter: '*', labelFilter: 'a*' }] }
    await assert.rejects(load('Endpoint=https://x;Id=y;Secret=eg==', wide), isError({ code: 'invalid' }))
  })
})
