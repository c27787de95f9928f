import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openHouse } from '../../testing/house.ts'
import { asking, newest } from './testing/vault.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()
const ask = asking(house, token).ask

describe('bad input on Key Vault’s wire', () => {
  it('is challenged before anything else is looked at', async () => {
    for (const [method, target, body] of [
      ['PUT', '/secrets/x', undefined],
      ['PUT', '/secrets/x?api-version=never', '{'],
      ['GET', '/secrets/..%2f?x', undefined],
      ['GET', '/nowhere', undefined],
      ['PATCH', `/secrets/${'x'.repeat(500)}`, undefined],
    ] as const) {
      const heard = await house.ask(house.vaultHost, method, target, { body })
      assert.equal(heard.status, 401, target)
      assert.equal(
        heard.headers['www-authenticate'],
        `Bearer authorization="https://login.cardea.internal/${house.cardea.installation.tenant}", resource="https://vault.cardea.internal"`,
      )
      assert.equal(heard.json.error.message, 'AKV10000: Request is missing a Bearer or PoP token.')
    }
    const withPort = await house.ask(`${house.vaultHost}:8443`, 'GET', '/secrets/x')
    assert.match(withPort.headers['www-authenticate'] ?? '', /resource="https:\/\/vault\.cardea\.internal:8443"$/)
  })

  it('is refused by name, in the service’s code, and leaves nothing', async () => {
    const before = (await ask('GET', '/secrets')).text
    for (const name of ['a_b', 'a%20b', 'a%2fb', '%2e%2e', '%C3%BC', 'a%00b', 'x'.repeat(128), 'a.b', 'a%0ab']) {
      const heard = await ask('PUT', `/secrets/${name}`, { value: 'v' })
      assert.ok([400, 404].includes(heard.status), `${name}: ${heard.status}`)
      assert.ok(['BadParameter', 'NotFound'].includes(heard.json.error.code), heard.text)
    }
    assert.equal((await ask('PUT', '/secrets/', { value: 'v' })).status, 404)
    assert.equal((await ask('GET', '/secrets')).text, before)
  })

  it('is refused by body: of another type, broken, too deep, too large', async () => {
    const wrong: [unknown, number][] = [
      [undefined, 400],
      ['', 400],
      ['{', 400],
      ['[]', 400],
      ['"text"', 400],
      ['null', 400],
      [{}, 400],
      [{ value: 1 }, 400],
      [{ value: null }, 400],
      [{ value: 'v', tags: [] }, 400],
      [{ value: 'v', tags: { a: 1 } }, 400],
      [{ value: 'v', tags: Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`t${index}`, 'x'])) }, 400],
      [{ value: 'v', contentType: 'x'.repeat(256) }, 400],
      [{ value: 'v', attributes: { enabled: 'yes' } }, 400],
      [{ value: 'v', attributes: { exp: 1.5 } }, 400],
      [{ value: 'v', attributes: { exp: '2027' } }, 400],
      [Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 400],
      [`${'['.repeat(100_000)}`, 400],
      [`{"value":"v","tags":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`, 400],
      [{ value: 'x'.repeat(1024 * 1024) }, 413],
    ]
    for (const [body, status] of wrong) {
      const heard = await ask('PUT', '/secrets/wrong', body)
      assert.equal(heard.status, status, `${JSON.stringify(body)?.slice(0, 60)}: ${heard.text}`)
      assert.ok(heard.json.error.message.length > 0)
    }
    assert.equal((await ask('GET', '/secrets/wrong')).status, 404)
    assert.equal((await ask('PUT', '/secrets/right', { value: 'v', unknown: 'member' })).json.value, 'v')
    // As text: in a literal it would be the prototype, and never be sent. Escapes hide it from nobody.
    for (const prototype of ['__proto__', '\\u005f_proto__']) {
      const { status, json } = await ask(
        'PUT',
        '/secrets/right',
        `{"value":"w","tags":{"${prototype}":{"a":"b"},"c":"d"}}`,
      )
      assert.deepEqual([status, json.value, json.tags], [200, 'w', { c: 'd' }])
      assert.equal((await ask('PUT', '/secrets/right', `{"${prototype}":{"value":"x"}}`)).status, 400)
    }
  })

  it('is refused by api-version, which must be there and be known', async () => {
    for (const [query, words] of [
      ['', /required/],
      ['?api-version=', /not recognized.*2026-04-01/],
      [
        '?api-version=1999-01-01',
        /The specified version \(1999-01-01\) is not recognized\. Consider using the latest supported version \(2026-04-01\)\./,
      ],
      ['?api-version=7.4&api-version=7.4', /required/],
    ] as const) {
      const heard = await house.ask(house.vaultHost, 'GET', `/secrets/x${query}`, { token })
      assert.equal(heard.status, 400)
      assert.equal(heard.json.error.code, 'BadParameter')
      assert.match(heard.json.error.message, words)
    }
  })

  it('echoes the client’s number of a request, and nothing that could break a line', async () => {
    const heard = await house.ask(house.vaultHost, 'GET', `/secrets?${newest}`, {
      token,
      headers: { 'x-ms-client-request-id': 'number-1' },
    })
    assert.equal(heard.headers['x-ms-client-request-id'], 'number-1')
  })

  it('answers for a vault that is not there only to those who said who they are', async () => {
    assert.equal((await house.ask('other.vault.cardea.internal', 'GET', `/secrets?${newest}`)).status, 401)
    const heard = await house.ask('other.vault.cardea.internal', 'GET', `/secrets?${newest}`, { token })
    assert.equal(heard.status, 404)
    assert.equal(heard.json.error.code, 'VaultNotFound')
    assert.equal((await house.ask('example.org', 'GET', '/secrets')).status, 404)
  })
})
