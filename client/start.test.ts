import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigurationError, type LoadOptions, load } from './index.ts'
import { loadRude } from './testing/load-rude.ts'
import { RudeAzure } from './testing/rude-azure.ts'
import { pause, until } from './testing/wait.ts'

const contentType = 'application/vnd.microsoft.appconfig.keyvaultref+json'
const refused = (code: string, inner?: string) =>
  JSON.stringify({ error: { code, message: 'words', ...(inner && { innererror: { code: inner } }) } })

/** The error that a load ends with, and how long it took. */
async function failureOf(azure: RudeAzure, startupOptions: LoadOptions['startupOptions'] = {}, push = true) {
  const began = Date.now()
  try {
    const { configuration } = await loadRude(azure, { startupOptions, push })
    configuration.close()
  } catch (error) {
    assert.ok(error instanceof ConfigurationError)
    return { error, tookMs: Date.now() - began }
  }
  throw new Error('it loaded')
}

describe('a start with references that are refused', { concurrency: 8 }, () => {
  it('fails after five seconds, not after a hundred, and says which, where, why and what to do', async () => {
    await using azure = await RudeAzure.open()
    azure.set('plain', '1')
    azure.point('password', 'db')
    const { error, tookMs } = await failureOf(azure)
    assert.ok(tookMs >= 5_000 && tookMs < 7_000, `${tookMs} ms`)
    assert.equal(error.code, 'not-found')
    assert.equal(error.status, 404)
    assert.equal(error.key, 'password')
    assert.match(error.message, /"password": v1\.vault\.rude\.test answered 404 SecretNotFound/)
    assert.match(error.message, / for https:\/\/v1\.vault\.rude\.test\/secrets\/db\./)
    assert.match(error.message, /Create .*the secret.*fix the setting, or select fewer keys\.$/)
  })

  it('names all of them in one error, each with its own reason', async () => {
    await using azure = await RudeAzure.open()
    const pinned = azure.rotate('pinned', 'a value')
    for (const name of ['absent', 'forbidden', 'disabled', 'shapeless']) azure.point(name, name)
    azure.point('again', 'absent')
    azure.point('pinned', 'pinned', pinned)
    azure.set('broken', '{"uri":"https://v1.vault.rude.test/keys/x?sig=quiet"}', { contentType })
    azure.server.grudge(/secrets\/forbidden/, { status: 403, body: refused('Forbidden', 'ForbiddenByRbac') })
    azure.server.grudge(/secrets\/disabled/, { status: 403, body: refused('Forbidden', 'SecretDisabled') })
    azure.server.grudge(/secrets\/shapeless/, { status: 400, body: refused('BadParameter') })
    const { error } = await failureOf(azure, { patienceInMs: 500 })
    for (const said of [
      /"absent": \S+ answered 404 SecretNotFound for \S+\/secrets\/absent\./,
      /"again": \S+ answered 404 SecretNotFound for \S+\/secrets\/absent\./,
      /"forbidden": \S+ answered 403 Forbidden ForbiddenByRbac for \S+\/secrets\/forbidden\./,
      /"disabled": \S+ answered 403 Forbidden SecretDisabled for \S+\/secrets\/disabled\./,
      /"shapeless": \S+ answered 400 BadParameter for \S+\/secrets\/shapeless\./,
      /"broken": The setting says it is a Key Vault reference, and is not one\./,
    ]) {
      assert.match(error.message, said)
    }
    assert.doesNotMatch(error.message, /pinned|a value|quiet|api-version|words/)
  })

  it('names every key, however many there are', async () => {
    await using azure = await RudeAzure.open()
    for (let at = 0; at < 25; at += 1) azure.point(`key${at}`, `secret${at}`)
    const { error } = await failureOf(azure, { patienceInMs: 300 })
    for (let at = 0; at < 25; at += 1) assert.ok(error.message.includes(`"key${at}"`), `key${at}`)
  })

  it('asks once more before it gives up, and takes what has come', async () => {
    await using azure = await RudeAzure.open({ streams: false })
    azure.point('password', 'db')
    azure.set('broken', '{}', { contentType })
    const loading = loadRude(azure, { startupOptions: { patienceInMs: 3_000 } })
    await until('the secret was refused', () => azure.server.asked(/secrets\/db/).length > 1)
    // The secret’s own retries come after about 0.5, 1.5 and 3.5 s, the store’s after 0.25, 0.75, 1.75 and 3.75 s.
    await pause(2_600)
    azure.rotate('db', 's1')
    azure.set('broken', 'mended')
    using loaded = await loading
    assert.deepEqual(loaded.configuration.entries(), [
      ['broken', 'mended'],
      ['password', 's1'],
    ])
  })

  it('counts its patience from the refusal: a store that comes late doesn’t use it up', async () => {
    await using azure = await RudeAzure.open()
    azure.point('password', 'db')
    azure.server.grudge(/^\/kv/, { status: 503 }, { times: 3 })
    const { tookMs } = await failureOf(azure, { patienceInMs: 1_500 })
    assert.ok(tookMs > 2_500, `${tookMs} ms`)
  })

  it('isn’t kept waiting by another vault’s secret that is silent', async () => {
    await using azure = await RudeAzure.open()
    azure.point('password', 'db')
    azure.rotate('mute', 'm')
    azure.point('mute', 'mute')
    azure.server.grudge(/secrets\/mute/, 'silent')
    const { error, tookMs } = await failureOf(azure, { patienceInMs: 500 })
    assert.equal(error.key, 'password')
    assert.ok(tookMs < 3_000, `${tookMs} ms`)
  })

  for (const [what, status, word] of [
    ['an error of the vault', 500, 'refused'],
    ['a busy vault', 429, 'throttled'],
    ['a vault that is away', 503, 'refused'],
  ] as const) {
    it(`bears with ${what} until the start-up time-out`, async () => {
      await using azure = await RudeAzure.open()
      azure.rotate('db', 's1')
      azure.point('password', 'db')
      azure.server.grudge(/secrets\/db/, { status })
      const { error, tookMs } = await failureOf(azure, { patienceInMs: 200, timeoutInMs: 2_000 })
      assert.ok(tookMs >= 2_000, `${tookMs} ms`)
      assert.equal(error.code, word)
      assert.match(error.message, /within 2000 ms/)
    })
  }

  it('takes as long as it needs where the time-outs are longer than any timer, and refuses one that is no span', async () => {
    await using azure = await RudeAzure.open()
    azure.set('a', '1')
    for (const timeoutInMs of [Number.POSITIVE_INFINITY, 2 ** 31]) {
      azure.server.grudge(/^\/kv/, { lateMs: 100 }, { times: 1 })
      const clientOptions = { ...azure.clientOptions, timeoutInMs }
      using configuration = await load(azure.endpoint, { clientOptions, startupOptions: { timeoutInMs } })
      assert.equal(configuration.get('a'), '1')
    }
    for (const timeoutInMs of [Number.NaN, -1, '10' as never]) {
      const wrong = { code: 'invalid', message: /timeoutInMs must be at least/ }
      await assert.rejects(load(azure.endpoint, { startupOptions: { timeoutInMs } }), wrong)
      await assert.rejects(load(azure.endpoint, { clientOptions: { timeoutInMs } }), wrong)
    }
  })

  it('takes no token service’s 404 or 403 for the vault’s: an identity may be on its way', async () => {
    await using azure = await RudeAzure.open()
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    for (const status of [404, 403]) {
      azure.server.grudge(/oauth2/, { status })
      const began = Date.now()
      const options = { startupOptions: { patienceInMs: 200, timeoutInMs: 1_500 }, clientOptions: azure.clientOptions }
      await assert.rejects(load(azure.connectionString, options), { code: 'unauthenticated', key: 'password', status })
      assert.ok(Date.now() - began >= 1_500)
    }
  })

  it('tells what it tries again, until it has loaded', async () => {
    await using azure = await RudeAzure.open({ streams: false })
    azure.point('password', 'db')
    azure.set('broken', '{}', { contentType })
    azure.server.grudge(/^\/kv/, { status: 500 }, { times: 1 })
    const told: string[] = []
    const onRetry = ({ key, code }: ConfigurationError) => {
      told.push(`${key} ${code}`)
      throw new Error('whoever listens may be broken')
    }
    const loading = loadRude(azure, { startupOptions: { onRetry } })
    await until('all three were told', () => new Set(told).size === 3)
    assert.equal(told[0], 'undefined refused')
    assert.ok(told.includes('password not-found') && told.includes('broken malformed'))
    azure.rotate('db', 's1')
    azure.set('broken', 'mended')
    using loaded = await loading
    const before = told.length
    azure.secrets.delete('db')
    await loaded.configuration.refresh()
    assert.equal(loaded.errors.length, 1)
    assert.equal(told.length, before)
  })

  it('P7: a refusal after the start keeps the last good value, however long it lasts', async () => {
    await using azure = await RudeAzure.open({ streams: false })
    azure.rotate('db', 's1')
    azure.point('password', 'db')
    using loaded = await loadRude(azure, { startupOptions: { patienceInMs: 100 } })
    azure.server.grudge(/secrets\/db/, { status: 403, body: refused('Forbidden') })
    await loaded.configuration.refresh()
    await pause(1_000)
    assert.equal(loaded.configuration.get('password'), 's1')
    assert.ok(loaded.errors.every(({ key, code }) => key === 'password' && code === 'forbidden'))
  })

  it('refuses a patience that is none', async () => {
    await using azure = await RudeAzure.open()
    const { error } = await failureOf(azure, { patienceInMs: -1 })
    assert.match(error.message, /patienceInMs/)
  })
})
