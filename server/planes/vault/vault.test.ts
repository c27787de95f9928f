import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { type Heard, openHouse } from '../../testing/house.ts'
import { newest, versionOf } from './testing/vault.ts'

const day = 86_400_000

let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()

const ask = (method: string, path: string, body?: unknown, query = ''): Promise<Heard> =>
  house.ask(house.vaultHost, method, `${path}?${newest}${query}`, { token, body })
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

describe('deleting on Key Vault’s wire', () => {
  it('is answered with when and how it can be undone, and never with the value', async () => {
    const made = await set('gone', { value: 'v', tags: { a: '1' } })
    const heard = await ask('DELETE', '/secrets/gone')
    assert.equal(heard.status, 200)
    const at = Math.floor(now / 1000)
    assert.deepEqual(Object.keys(heard.json), [
      'recoveryId',
      'deletedDate',
      'scheduledPurgeDate',
      'id',
      'attributes',
      'tags',
    ])
    assert.equal(heard.json.recoveryId, 'https://demo.vault.cardea.internal/deletedsecrets/gone')
    assert.equal(heard.json.deletedDate, at)
    assert.equal(heard.json.scheduledPurgeDate, at + 90 * 86_400)
    assert.equal(heard.json.id, made.json.id)
    assert.equal((await ask('GET', '/secrets/gone')).status, 404)
    assert.equal((await ask('GET', '/deletedsecrets/gone')).status, 200)
    assert.equal((await ask('DELETE', '/secrets/gone')).status, 404)
    const again = await set('gone', { value: 'w' })
    assert.equal(again.status, 409)
    assert.equal(again.json.error.innererror.code, 'ObjectIsDeletedButRecoverable')
  })

  it('can be undone with every version', async () => {
    const first = await set('undo', { value: 'one' })
    await set('undo', { value: 'two' })
    await ask('DELETE', '/secrets/undo')
    const heard = await ask('POST', '/deletedsecrets/undo/recover')
    assert.equal(heard.status, 200)
    assert.equal('value' in heard.json, false)
    assert.equal((await ask('GET', '/secrets/undo')).json.value, 'two')
    assert.equal((await ask('GET', `/secrets/undo/${versionOf(first)}`)).json.value, 'one')
    assert.equal((await ask('POST', '/deletedsecrets/undo/recover')).status, 404)
  })

  it('is final once purged, and the name is free', async () => {
    await set('purged', { value: 'v' })
    assert.equal((await ask('DELETE', '/deletedsecrets/purged')).status, 404)
    await ask('DELETE', '/secrets/purged')
    const heard = await ask('DELETE', '/deletedsecrets/purged')
    assert.equal(heard.status, 204)
    assert.equal(heard.text, '')
    assert.equal('content-type' in heard.headers, false)
    const absent = await ask('GET', '/deletedsecrets/purged')
    assert.equal(absent.json.error.message, 'Deleted Secret not found: purged')
    assert.equal((await set('purged', { value: 'w' })).status, 200)
  })
})

describe('lists on Key Vault’s wire', () => {
  it('come in pages, whose links lead through all names once and in order', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `page-${String(index).padStart(2, '0')}`)
    for (const name of names) await set(name, { value: 'v' })
    const found: string[] = []
    let target = `/secrets?${newest}&maxresults=7`
    for (let pages = 0; pages < 50; pages += 1) {
      const { status, json } = await house.ask(house.vaultHost, 'GET', target, { token })
      assert.equal(status, 200)
      assert.ok(json.value.length <= 7)
      found.push(...json.value.map((item: { id: string }) => item.id.split('/').at(-1)))
      for (const item of json.value) assert.equal('value' in item, false)
      if (json.nextLink === null) break
      const link = new URL(json.nextLink)
      assert.equal(link.host, house.vaultHost)
      assert.match(link.search, /maxresults=7/)
      target = `${link.pathname}${link.search.replace('$skiptoken', '%24skiptoken')}`
    }
    const pages = found.filter((name) => name.startsWith('page-'))
    assert.deepEqual(pages, names)
    assert.deepEqual(
      found,
      found.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
    )
  })

  it('of versions are ordered by their ids, and empty for a name that isn’t there', async () => {
    for (let count = 0; count < 5; count += 1) await set('versions', { value: String(count) })
    const { json } = await ask('GET', '/secrets/versions/versions')
    const ids = json.value.map((item: { id: string }) => item.id.split('/').at(-1))
    assert.equal(ids.length, 5)
    assert.deepEqual(ids, ids.toSorted())
    const nothing = await ask('GET', '/secrets/nobody/versions')
    assert.equal(nothing.status, 200)
    assert.equal(nothing.text, '{"value":[],"nextLink":null}')
  })

  it('refuse a page size and a token that they did not give', async () => {
    for (const query of [
      '&maxresults=0',
      '&maxresults=26',
      '&maxresults=x',
      '&$skiptoken=abc',
      `&$skiptoken=${'a'.repeat(3000)}`,
    ]) {
      const heard = await ask('GET', '/secrets', undefined, query)
      assert.equal(heard.status, 400, query)
      assert.equal(heard.json.error.code, 'BadParameter')
    }
  })
})

describe('permission on Key Vault’s wire', () => {
  it('is denied by default, with the service’s words, and comes before existence and form', async () => {
    const stranger = await house.newcomer('stranger')
    const bearer = await stranger.token()
    for (const [method, path] of [
      ['GET', '/secrets/nothing'],
      ['PUT', '/secrets/a_b'],
      ['GET', '/secrets'],
      ['DELETE', '/deletedsecrets/nothing'],
    ] as const) {
      const heard = await house.ask(house.vaultHost, method, `${path}?api-version=never`, { token: bearer })
      assert.equal(heard.status, 403, `${method} ${path}`)
      assert.equal(heard.json.error.innererror.code, 'ForbiddenByRbac')
      assert.match(
        heard.json.error.message,
        new RegExp(`Caller: appid=${stranger.principal.appId};oid=${stranger.principal.objectId}`),
      )
      assert.match(heard.json.error.message, /Action: 'Microsoft\.KeyVault\/vaults\/secrets\//)
    }
  })

  it('holds for one secret when it was given for one, and for nothing beside it', async () => {
    await set('mine', { value: 'v' })
    await set('mine-too', { value: 'v' })
    const reader = await house.newcomer('reader of one')
    const vault = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
    await house.assign(reader.principal, builtInRoles.keyVaultSecretsUser, `${vault}/secrets/mine`)
    const bearer = await reader.token()
    const get = (path: string) => house.ask(house.vaultHost, 'GET', `${path}?${newest}`, { token: bearer })
    assert.equal((await get('/secrets/mine')).status, 200)
    assert.equal((await get('/secrets/MINE')).status, 200)
    assert.equal((await get('/secrets/mine-too')).status, 403)
    assert.equal((await get('/secrets')).status, 403)
    assert.equal(
      (await house.ask(house.vaultHost, 'PUT', `/secrets/mine?${newest}`, { token: bearer, body: { value: 'w' } }))
        .status,
      403,
    )
  })

  it('is never given by a management role (P9)', async () => {
    const contributor = await house.newcomer('contributor')
    for (const role of [builtInRoles.owner, builtInRoles.contributor]) {
      await house.assign(contributor.principal, role, `/subscriptions/${house.cardea.installation.subscription}`)
    }
    await set('managed', { value: 'v' })
    const heard = await house.ask(house.vaultHost, 'GET', `/secrets/managed?${newest}`, {
      token: await contributor.token(),
    })
    assert.equal(heard.status, 403)
  })

  it('holds and ends from the moment that was answered (P6)', async () => {
    await set('moment', { value: 'v' })
    const reader = await house.newcomer('reader for a moment')
    const bearer = await reader.token()
    const get = async () =>
      (await house.ask(house.vaultHost, 'GET', `/secrets/moment?${newest}`, { token: bearer })).status
    for (let round = 0; round < 20; round += 1) {
      assert.equal(await get(), 403)
      const revoke = await house.assign(
        reader.principal,
        builtInRoles.keyVaultSecretsUser,
        `/subscriptions/${house.cardea.installation.subscription}`,
      )
      assert.equal(await get(), 200)
      const racing = Array.from({ length: 8 }, get)
      await revoke()
      assert.equal(await get(), 403)
      await Promise.all(racing)
    }
  })
})

describe('the journal of deeds', () => {
  it('has a record of each attempt, allowed, refused and failed, and never a value', async () => {
    const numbered = (number: string, options: { token?: string; method?: string; path?: string; body?: unknown }) =>
      house.ask(house.vaultHost, options.method ?? 'GET', `${options.path ?? '/secrets/journal'}?${newest}`, {
        token: options.token,
        body: options.body,
        headers: { 'x-ms-client-request-id': number },
      })
    const value = 'the-value-that-must-not-be-told'
    await numbered('set', { token, method: 'PUT', body: { value } })
    await numbered('get', { token })
    await numbered('missing', { token, path: '/secrets/not-there' })
    await numbered('anonymous', {})
    await numbered('wrong', { token, method: 'PUT', body: { value: 1 } })
    const deeds = (await house.deeds()).filter(({ correlation }) =>
      ['set', 'get', 'missing', 'anonymous', 'wrong'].includes(correlation),
    )
    assert.deepEqual(
      deeds.map(({ correlation, operation, outcome }) => `${correlation}: ${operation} ${outcome}`),
      [
        'set: SecretSet done',
        'get: SecretGet done',
        'missing: SecretGet not-found',
        'anonymous: SecretGet unauthenticated',
        'wrong: SecretSet invalid',
      ],
    )
    const { rows } = await house.cardea.base.database.read.run('select * from audit', [])
    assert.equal(JSON.stringify(rows).includes(value), false)
  })

  it('names the version that was changed, whether the caller named one or not', async () => {
    const first = versionOf(await set('changed', { value: 'one' }))
    const second = versionOf(await set('changed', { value: 'two' }))
    const change = (path: string) => ask('PATCH', path, { attributes: { enabled: false } })
    assert.equal((await change(`/secrets/changed/${first}`)).status, 200)
    assert.equal((await change('/secrets/changed')).status, 200)
    const changed = (await house.deeds()).filter(({ operation }) => operation === 'SecretUpdate').slice(-2)
    assert.deepEqual(
      changed.map(({ resource }) => resource.split('/').slice(-2).join('/')),
      [`changed/${first}`, `changed/${second}`],
    )
  })

  it('has one line for each attempt, whatever was sent as a name', async () => {
    const stranger = await (await house.newcomer('sender of odd names')).token()
    for (const name of ['a%00', 'a%0ab', 'a%0d%0aSecretGet%20done', '%ed%a0%80', 'x'.repeat(500), '%E2%80%A8']) {
      const heard = await house.ask(house.vaultHost, 'GET', `/secrets/${name}?${newest}`, { token: stranger })
      assert.ok([400, 403].includes(heard.status), `${name}: ${heard.status}`)
    }
    for (const { resource } of await house.deeds()) assert.match(resource, /^[\x20-\x7e]{1,1200}$/)
  })

  it('must take an entry before a read is answered (P1)', async () => {
    await set('unaudited', { value: 'v' })
    const { database } = house.cardea.base
    await database.write(({ sql }) => sql.run('alter table audit_turn rename to audit_away', []))
    const heard = await ask('GET', '/secrets/unaudited')
    const listed = await ask('GET', '/secrets')
    const anonymous = await house.ask(house.vaultHost, 'GET', '/secrets/unaudited')
    await database.write(({ sql }) => sql.run('alter table audit_away rename to audit_turn', []))
    assert.deepEqual([heard.status, listed.status, anonymous.status], [503, 503, 503])
    assert.equal(heard.text.includes('"v"'), false)
    assert.equal((await ask('GET', '/secrets/unaudited')).status, 200)
  })
})

describe('a token', () => {
  const get = (bearer: string | undefined) => house.ask(house.vaultHost, 'GET', `/secrets?${newest}`, { token: bearer })

  it('is refused when it is for another audience, altered, unsigned, or not a token', async () => {
    const elsewhere = await house.developerToken('https://graph.cardea.internal')
    assert.match((await get(elsewhere)).json.error.message, /^AKV10022: Invalid audience/)
    const [head, body, signature] = token.split('.') as [string, string, string]
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const forged = [
      `${head}.${encode({ ...claims, oid: 'somebody-else' })}.${signature}`,
      `${encode({ alg: 'none', typ: 'JWT' })}.${body}.`,
      `${encode({ alg: 'HS256', typ: 'JWT', kid: JSON.parse(Buffer.from(head, 'base64url').toString()).kid })}.${body}.${signature}`,
      `${encode({ alg: 'RS256', typ: 'JWT', kid: 'not-ours' })}.${body}.${signature}`,
      `${head}.${body}`,
      'x',
      'a.b.c',
      `${token}x`,
      token.slice(0, -2),
    ]
    for (const bearer of forged) {
      const heard = await get(bearer)
      assert.equal(heard.status, 401, bearer.slice(0, 40))
      assert.match(heard.headers['www-authenticate'] ?? '', /^Bearer authorization=/)
    }
  })

  it('of another installation is a stranger’s', async () => {
    await using other = await openHouse()
    const heard = await get(await other.developerToken())
    assert.equal(heard.status, 401)
    assert.match(heard.json.error.message, /^AKV10046/)
  })

  it('expires', async () => {
    const bearer = await house.developerToken()
    assert.equal((await get(bearer)).status, 200)
    const then = now
    now += 2 * 3_600_000
    const heard = await get(bearer)
    now = then
    assert.equal(heard.status, 401)
    assert.match(heard.json.error.message, /TokenExpired/)
  })
})

describe('the purge protection and retention of a vault', () => {
  it('let nobody but time take a deleted secret away (P8)', async () => {
    const { base, installation } = house.cardea
    const { foundVault } = await import('#core/vaults/vaults.ts')
    const { newVault } = await import('#core/vaults/vault.ts')
    const resourceId = `/subscriptions/${installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/guarded`
    const draft = { location: 'local', retentionDays: 7, purgeProtection: true }
    await base.database.write((turn) =>
      foundVault(turn, base.keyring, newVault(resourceId, 'vault/guarded', draft, turn.at)),
    )
    const there = (method: string, path: string, body?: unknown) =>
      house.ask('guarded.vault.cardea.internal', method, `${path}?${newest}`, { token, body })
    const made = await there('PUT', '/secrets/kept', { value: 'v' })
    assert.equal(made.json.attributes.recoveryLevel, 'CustomizedRecoverable')
    assert.equal(made.json.attributes.recoverableDays, 7)
    await there('DELETE', '/secrets/kept')
    const heard = await there('DELETE', '/deletedsecrets/kept')
    assert.equal(heard.status, 403)
    assert.match(heard.json.error.message, /^Operation "purge" is not allowed because purge protection is enabled/)
    assert.equal((await there('POST', '/deletedsecrets/kept/recover')).status, 200)
    now += day
  })
})
