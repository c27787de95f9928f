import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openHouse } from '../../../testing/house.ts'
import { asking, versionOf } from '../testing/vault.ts'

let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()
const { ask } = asking(house, token)
const set = (name: string, body: Record<string, unknown>) => ask('PUT', `/secrets/${name}`, body)

describe('a secret on Key Vault’s wire', () => {
  it('is set, and answers with the service’s members in the service’s order', async () => {
    const exp = 2_000_000_000
    const heard = await set('shape', {
      value: 's3',
      contentType: 'text/plain',
      tags: { a: '1' },
      attributes: { enabled: true, exp },
    })
    assert.equal(heard.status, 200)
    const at = Math.floor(now / 1000)
    assert.equal(
      heard.text,
      JSON.stringify({
        value: 's3',
        contentType: 'text/plain',
        id: `https://demo.vault.cardea.internal/secrets/shape/${versionOf(heard)}`,
        attributes: {
          enabled: true,
          exp,
          created: at,
          updated: at,
          recoveryLevel: 'Recoverable+Purgeable',
          recoverableDays: 90,
        },
        tags: { a: '1' },
      }),
    )
    assert.match(versionOf(heard), /^[0-9a-f]{32}$/)
    assert.equal(heard.headers['content-type'], 'application/json; charset=utf-8')
    assert.equal(heard.headers['cache-control'], 'no-cache')
    assert.match(heard.headers['x-ms-keyvault-rbac-assignment-id'] ?? '', /^[0-9a-f]{32}$/)
    assert.match(heard.headers['x-ms-request-id'] ?? '', /^[0-9a-f-]{36}$/)
  })

  it('gets a new version with each setting, also with the same value, and inherits nothing', async () => {
    const first = await set('twice', { value: 'v', contentType: 'text/plain', tags: { a: '1' } })
    const second = await set('twice', { value: 'v' })
    assert.notEqual(versionOf(first), versionOf(second))
    assert.equal('tags' in second.json, false)
    assert.equal('contentType' in second.json, false)
    assert.equal((await ask('GET', '/secrets/twice/')).json.id, second.json.id)
    assert.equal((await ask('GET', `/secrets/twice/${versionOf(first)}`)).json.value, 'v')
  })

  it('is found whatever the case of its name, and spelt as at first', async () => {
    await set('MixedCase', { value: 'v1' })
    const again = await set('mixedcase', { value: 'v2' })
    assert.match(again.json.id, /\/secrets\/MixedCase\//)
    assert.equal((await ask('GET', '/secrets/MIXEDCASE')).json.value, 'v2')
  })

  it('is found by every form of path that clients send', async () => {
    await set('forms', { value: 'v' })
    for (const target of [
      '/secrets/forms',
      '/secrets/forms/',
      '//secrets/forms',
      '/secrets//forms',
      '/Secrets/forms',
    ]) {
      assert.equal((await ask('GET', target)).status, 200, target)
    }
    const encoded = await house.ask(house.vaultHost, 'GET', '/secrets/forms/?api%2Dversion=7.4', { token })
    assert.equal(encoded.status, 200)
  })

  it('may be the empty text, and keeps quotes, line breaks and other alphabets', async () => {
    for (const value of ['', '"\\\n\r\t', 'ключ 🔑', '\u0000', ' '.repeat(1000)]) {
      await set('text', { value })
      assert.equal((await ask('GET', '/secrets/text')).json.value, value)
    }
  })

  it('takes 25 KB, counted in bytes, and refuses one more with the limit in its words', async () => {
    assert.equal((await set('large', { value: 'x'.repeat(25 * 1024) })).status, 200)
    const heard = await set('large', { value: `${'x'.repeat(25 * 1024 - 1)}ü` })
    assert.equal(heard.status, 400)
    assert.equal(heard.json.error.code, 'BadParameter')
    assert.match(heard.json.error.message, /at most 25600 bytes; it has 25601/)
    assert.equal((await set('large', { value: 'x'.repeat(30 * 1024) })).status, 400)
  })

  it('keeps its value when its attributes change, and replaces tags whole', async () => {
    const made = await set('attributes', { value: 'v', tags: { a: '1', b: '2' }, contentType: 'one' })
    now += 5000
    const changed = await ask('PATCH', `/secrets/attributes/${versionOf(made)}`, { tags: { c: '3' } })
    assert.equal(changed.status, 200)
    assert.equal('value' in changed.json, false)
    assert.deepEqual(changed.json.tags, { c: '3' })
    assert.equal(changed.json.contentType, 'one')
    assert.equal(changed.json.attributes.updated - changed.json.attributes.created, 5)
    const cleared = await ask('PATCH', '/secrets/attributes/', { tags: {}, attributes: { exp: 2_000_000_000 } })
    assert.deepEqual(cleared.json.tags, {})
    const unset = await ask('PATCH', '/secrets/attributes', { attributes: { exp: null } })
    assert.equal('exp' in unset.json.attributes, false)
    assert.equal((await ask('GET', '/secrets/attributes')).json.value, 'v')
  })

  it('gives no value while disabled, and falls back to no older version', async () => {
    await set('disabled', { value: 'old' })
    const made = await set('disabled', { value: 'new', attributes: { enabled: false } })
    assert.equal(made.json.value, 'new')
    const heard = await ask('GET', '/secrets/disabled')
    assert.equal(heard.status, 403)
    assert.deepEqual(heard.json.error, {
      code: 'Forbidden',
      message: 'Operation get is not allowed on a disabled secret.',
      innererror: { code: 'SecretDisabled' },
    })
    assert.equal((await ask('PATCH', '/secrets/disabled', { attributes: { enabled: true } })).status, 200)
    assert.equal((await ask('GET', '/secrets/disabled')).json.value, 'new')
  })

  it('gives its value before nbf and after exp, as the service does', async () => {
    const seconds = Math.floor(now / 1000)
    await set('dates', { value: 'v', attributes: { nbf: seconds - 100, exp: seconds - 50 } })
    assert.equal((await ask('GET', '/secrets/dates')).json.value, 'v')
    await set('dates', { value: 'w', attributes: { nbf: seconds + 1000 } })
    assert.equal((await ask('GET', '/secrets/dates')).json.value, 'w')
    assert.equal((await set('dates', { value: 'x', attributes: { nbf: seconds + 10, exp: seconds } })).status, 400)
  })

  it('is not found in the service’s own words, with its version where one was named', async () => {
    const heard = await ask('GET', '/secrets/nothing')
    assert.equal(heard.status, 404)
    assert.equal(heard.json.error.code, 'SecretNotFound')
    assert.match(
      heard.json.error.message,
      /^A secret with \(name\/id\) nothing was not found in this key vault\. If you recently deleted this secret/,
    )
    await set('one', { value: 'v' })
    const other = await ask('GET', `/secrets/one/${'0'.repeat(32)}`)
    assert.match(other.json.error.message, /\(name\/id\) one\/0{32} was not found/)
  })
})
