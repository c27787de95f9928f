import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { vaultVersions } from '@cardea/contract/vault/versions'
import { openHouse } from '../../../testing/house.ts'
import { asking, foundAnother, newest, versionOf } from '../testing/vault.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()
const vault = asking(house, token)

describe('each api-version of Key Vault', () => {
  const daysFrom = vaultVersions.indexOf('7.1-preview')
  const previousFrom = vaultVersions.indexOf('2025-06-01-preview')

  for (const [index, version] of vaultVersions.entries()) {
    it(`${version} is answered, with the members that it has`, async () => {
      const name = `v-${index}`
      const query = `api-version=${version}`
      const first = await vault.set(name, 'one')
      const second = await vault.ask('PUT', `/secrets/${name}`, { value: 'two' }, query)
      const patched = await vault.ask('PATCH', `/secrets/${name}`, { tags: { a: '1' } }, query)
      const got = await vault.ask(
        'GET',
        `/secrets/${name}`,
        undefined,
        query.toUpperCase().replace('API-VERSION', 'Api-Version'),
      )
      const listed = await vault.ask('GET', `/secrets/${name}/versions`, undefined, query)
      const deleted = await vault.ask('DELETE', `/secrets/${name}`, undefined, query)
      const found = await vault.ask('GET', `/deletedsecrets/${name}`, undefined, query)
      const recovered = await vault.ask('POST', `/deletedsecrets/${name}/recover`, undefined, query)
      for (const heard of [second, patched, got, deleted, found, recovered]) {
        assert.equal(heard.status, 200, heard.text)
        assert.equal('recoverableDays' in heard.json.attributes, index >= daysFrom, heard.text)
        assert.equal(heard.json.previousVersion, index >= previousFrom ? versionOf(first) : undefined)
      }
      for (const item of listed.json.value) {
        assert.equal('recoverableDays' in item.attributes, index >= daysFrom)
        assert.equal('previousVersion' in item, false)
      }
    })
  }

  it('tells of no version before the first', async () => {
    assert.equal('previousVersion' in (await vault.set('first', 'v')).json, false)
    assert.equal('previousVersion' in (await vault.ask('GET', '/secrets/first')).json, false)
  })
})

describe('every form of path that clients send', () => {
  const found = async (method: string, target: string, given: object = {}) =>
    (await house.ask(house.vaultHost, method, `${target}?${newest}`, { token, ...given })).status

  it('reaches the latest version when the version is empty, with one slash or several', async () => {
    await vault.set('paths', 'v')
    for (const target of [
      '/secrets/paths/',
      '/secrets/paths//',
      '//secrets/paths',
      '/secrets//paths',
      '/SECRETS/Paths/',
    ]) {
      assert.equal(await found('GET', target), 200, target)
      assert.equal(await found('PATCH', target, { body: { tags: { a: '1' } } }), 200, target)
    }
  })

  it('is read without regard to case, in fixed words and in names, and answers with the first spelling', async () => {
    await vault.set('CamelCase', 'v')
    const version = versionOf(await vault.ask('GET', '/secrets/camelcase'))
    for (const target of [
      `/Secrets/CAMELCASE/${version.toUpperCase()}`,
      '/secrets/camelCase/VERSIONS',
      '/secrets/camelCase/Versions/',
    ]) {
      assert.equal(await found('GET', target), 200, target)
    }
    assert.equal(await found('POST', '/secrets/camelcase/BACKUP'), 200)
    assert.match((await vault.ask('DELETE', '/SECRETS/camelcase')).json.id, /\/secrets\/CamelCase\//)
    assert.equal(await found('GET', '/DeletedSecrets/camelcase'), 200)
    assert.equal(await found('GET', '//deletedsecrets//'), 200)
    assert.equal(await found('POST', '/DELETEDSECRETS/CAMELCASE/Recover/'), 200)
    assert.equal(await found('POST', '/Secrets/RESTORE', { body: { value: 'x' } }), 400)
  })

  it('has its query’s names decoded before they are looked at', async () => {
    await vault.set('query', 'v')
    for (const query of [
      'api%2Dversion=7.6',
      '%61pi-version=7.6',
      'API-VERSION=7.6',
      'x=1&api-version=7.6',
      'api-version=7.6&',
    ]) {
      assert.equal((await vault.ask('GET', '/secrets/query', undefined, query)).status, 200, query)
    }
    const paged = await vault.ask('GET', '/secrets', undefined, `${newest}&%6Daxresults=1&unknown=1`)
    assert.equal(paged.json.value.length, 1)
  })

  it('takes the host with and without its port, in any case', async () => {
    await vault.set('host', 'v')
    for (const host of [`${house.vaultHost}:443`, house.vaultHost.toUpperCase(), `${house.vaultHost}.`]) {
      const { status } = await house.ask(host, 'GET', `/secrets/host?${newest}`, { token })
      assert.equal(status, 200, host)
    }
  })

  it('lets fixed words win over names and versions', async () => {
    await vault.set('restore', 'a secret that is called so')
    assert.equal((await vault.ask('GET', '/secrets/restore')).json.value, 'a secret that is called so')
    assert.equal((await vault.ask('GET', '/secrets/restore/versions')).json.value.length, 1)
    assert.equal((await vault.ask('GET', '/secrets/restore/backup')).status, 400)
    await vault.set('versions', 'v')
    assert.equal((await vault.ask('GET', '/secrets/versions/versions')).json.value.length, 1)
  })

  it('is judged by the method in the request line, whatever X-HTTP-METHOD says', async () => {
    await vault.set('verb', 'v')
    for (const name of ['x-http-method', 'x-http-request', 'x-http-method-override']) {
      const headers = { [name]: 'DELETE' }
      assert.equal(await found('POST', '/secrets/verb', { headers, body: {} }), 404)
      assert.equal(await found('POST', '/secrets/verb/backup', { headers }), 200)
      assert.equal(await found('GET', '/secrets/verb', { headers }), 200)
    }
    const put = await house.ask(house.vaultHost, 'POST', `/secrets/verb-2?${newest}`, {
      token,
      headers: { 'x-http-method': 'PUT' },
      body: { value: 'v' },
    })
    assert.equal(put.status, 404)
    assert.equal((await vault.ask('GET', '/secrets/verb-2')).status, 404)
  })

  it('refuses outContentType where no certificate has put the secret there, also in a form that it has itself', async () => {
    await vault.ask('PUT', '/secrets/form', { value: 'v', contentType: 'application/x-pkcs12' })
    for (const form of ['application/x-pem-file', 'application/x-pkcs12', 'text/plain', '']) {
      const heard = await vault.ask(
        'GET',
        '/secrets/form',
        undefined,
        `${newest}&outContentType=${encodeURIComponent(form)}`,
      )
      assert.deepEqual([heard.status, heard.json.error?.code], [400, 'BadParameter'], form)
    }
  })
})

describe('the limits of a secret', () => {
  const set = (body: object | string) => vault.ask('PUT', '/secrets/limits', body)
  const accepted = async (body: object | string, what: string) => assert.equal((await set(body)).status, 200, what)
  const refused = async (body: object | string, what: string) => {
    const heard = await set(body)
    assert.deepEqual([heard.status, heard.json.error.code], [400, 'BadParameter'], what)
    assert.equal(heard.text.includes('innererror'), false)
  }

  it('are those of the service: name, value, content type and tags, each to its last character', async () => {
    const tags = (count: number, name = 't', value = 'x') =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`${name}${index}`.slice(-512), value]))
    await accepted({ value: 'x'.repeat(25 * 1024) }, 'value')
    await refused({ value: 'x'.repeat(25 * 1024 + 1) }, 'value')
    await accepted({ value: '🔑'.repeat(6400) }, 'value in bytes')
    await refused({ value: `${'🔑'.repeat(6400)}x` }, 'value in bytes')
    await accepted({ value: '', contentType: 'x'.repeat(255) }, 'content type')
    await refused({ value: '', contentType: 'x'.repeat(256) }, 'content type')
    await accepted({ value: '', tags: tags(15) }, 'tags')
    await refused({ value: '', tags: tags(16) }, 'tags')
    await accepted({ value: '', tags: { ['k'.repeat(512)]: 'v'.repeat(512), empty: '', '': 'x' } }, 'long tags')
    await refused({ value: '', tags: { ['k'.repeat(513)]: 'v' } }, 'tag name')
    await refused({ value: '', tags: { k: 'v'.repeat(513) } }, 'tag value')
    const long = 'n'.repeat(127)
    assert.equal((await vault.set(long, 'v')).status, 200)
    assert.equal((await vault.ask('PUT', `/secrets/${long}n`, { value: 'v' })).status, 400)
  })

  it('are met by PATCH as by PUT', async () => {
    await vault.set('patched', 'v', { tags: { a: '1' } })
    for (const body of [
      { contentType: 'x'.repeat(256) },
      { tags: Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`t${index}`, ''])) },
      { attributes: { exp: 1e300 } },
      { attributes: { enabled: 1 } },
      { attributes: [] },
      [],
    ]) {
      assert.equal((await vault.ask('PATCH', '/secrets/patched', body)).status, 400, JSON.stringify(body).slice(0, 50))
    }
    assert.deepEqual((await vault.ask('GET', '/secrets/patched')).json.tags, { a: '1' })
  })

  it('let dates be any that a client can show, and refuse what no database keeps', async () => {
    for (const exp of [0, -1, 1, 253_402_300_799, -62_135_596_800, 32_503_680_000]) {
      const heard = await set({ value: 'v', attributes: { exp } })
      assert.deepEqual([heard.status, heard.json.attributes?.exp], [200, exp])
      assert.equal((await vault.ask('GET', '/secrets/limits')).json.attributes.exp, exp)
      assert.equal((await vault.ask('GET', '/secrets')).status, 200)
    }
    for (const exp of [
      '253402300800',
      '9007199254740991',
      '9223372036854775807',
      '1e400',
      '-1e30',
      '1.5',
      '"1"',
      'true',
    ]) {
      await refused(`{"value":"v","attributes":{"exp":${exp}}}`, exp)
      await refused(`{"value":"v","attributes":{"nbf":${exp}}}`, exp)
    }
    await accepted('{"value":"v","attributes":{"exp":1e9,"nbf":null}}', 'a number with an exponent')
  })

  it('keep text as it was sent, in every alphabet and form, and refuse what isn’t text', async () => {
    for (const value of ['ключ', '鍵🔑', 'e\u0301', '\u00e9', '\u202e', '\ufeff', '\u0000\u0001', '\r\n', '\uffff']) {
      await accepted({ value, tags: { [`t${value.length}`]: value } }, value)
      const heard = await vault.ask('GET', '/secrets/limits')
      assert.deepEqual([heard.json.value, heard.json.tags[`t${value.length}`]], [value, value])
    }
    await refused('{"value":"\\ud800"}', 'half a pair')
    await refused('{"value":"v","tags":{"a":"\\udc00x"}}', 'half a pair in a tag')
    await refused('{"value":"v","contentType":"\\ud83d"}', 'half a pair as content type')
  })

  it('take the last of what comes twice in a body, and refuse what comes twice in a query', async () => {
    await set('{"value":"first","value":"last","tags":{"a":"1","a":"2"}}')
    const heard = await vault.ask('GET', '/secrets/limits')
    assert.deepEqual([heard.json.value, heard.json.tags], ['last', { a: '2' }])
    assert.equal((await vault.ask('GET', '/secrets', undefined, `${newest}&maxresults=1&maxresults=2`)).status, 400)
  })

  it('hold for pages: 1 to 25, in digits', async () => {
    for (const size of ['1', '25', '%32']) {
      assert.equal((await vault.ask('GET', '/secrets', undefined, `${newest}&maxresults=${size}`)).status, 200, size)
    }
    for (const size of ['0', '26', '-1', '1.5', '1e1', '0x5', 'all', '', '99999999999999999999']) {
      for (const path of ['/secrets', '/deletedsecrets', '/secrets/limits/versions']) {
        const heard = await vault.ask('GET', path, undefined, `${newest}&maxresults=${size}`)
        assert.deepEqual([heard.status, heard.json.error?.code], [400, 'BadParameter'], `${path} ${size}`)
      }
    }
  })
})

describe('the recovery level of a secret', () => {
  for (const [retentionDays, purgeProtection, level] of [
    [90, false, 'Recoverable+Purgeable'],
    [90, true, 'Recoverable'],
    [7, false, 'CustomizedRecoverable+Purgeable'],
    [89, true, 'CustomizedRecoverable'],
  ] as const) {
    it(`is ${level} where a vault keeps deletions for ${retentionDays} days, purge protection ${purgeProtection}`, async () => {
      const host = await foundAnother(house, `level-${retentionDays}-${purgeProtection}`, {
        retentionDays,
        purgeProtection,
      })
      const there = asking(house, token, host)
      const { json } = await there.set('a', 'v')
      assert.deepEqual([json.attributes.recoveryLevel, json.attributes.recoverableDays], [level, retentionDays])
      const deleted = (await there.ask('DELETE', '/secrets/a')).json
      assert.equal(deleted.scheduledPurgeDate - deleted.deletedDate, retentionDays * 86_400)
    })
  }
})

describe('two who change the same secret at the same moment', () => {
  it('each add a version, and exactly one of them is the latest and follows the other', async () => {
    await vault.set('busy', '0')
    const made = await Promise.all(Array.from({ length: 12 }, (_, index) => vault.set('busy', `${index + 1}`)))
    const before = made.map(({ json }) => json.previousVersion)
    assert.equal(new Set(before).size, 12)
    const latest = (await vault.ask('GET', '/secrets/busy')).json
    assert.equal(made.filter((heard) => heard.json.id === latest.id).length, 1)
    assert.equal(before.includes(latest.id.split('/').at(-1)), false)
    assert.equal((await vault.ask('GET', '/secrets/busy/versions')).json.value.length, 13)
  })

  it('delete it once', async () => {
    await vault.set('twice', 'v')
    const heard = await Promise.all(Array.from({ length: 5 }, () => vault.ask('DELETE', '/secrets/twice')))
    assert.deepEqual(heard.map(({ status }) => status).toSorted(), [200, 404, 404, 404, 404])
    const back = await Promise.all(Array.from({ length: 5 }, () => vault.ask('POST', '/deletedsecrets/twice/recover')))
    assert.deepEqual(back.map(({ status }) => status).toSorted(), [200, 404, 404, 404, 404])
  })
})
