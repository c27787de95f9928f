import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openHouse } from '../../../testing/house.ts'
import { asking, foundAnother, newest, versionOf } from '../testing/vault.ts'

/** Each test bears a mistake that servers in Azure's clothes are known for, and shows that it isn't made here. */
const at = Math.floor(Date.now() / 1000)
const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()
const vault = asking(house, token)

describe('where emulators go wrong', () => {
  it('version lists sorted by creation time: they are sorted by version id', async () => {
    const made: string[] = []
    for (let count = 0; count < 12; count += 1) made.push(versionOf(await vault.set('sorted', `${count}`)))
    const { json } = await vault.ask('GET', '/secrets/sorted/versions')
    const listed = json.value.map(({ id }: { id: string }) => id.split('/').at(-1))
    assert.deepEqual(listed, made.toSorted())
  })

  it('value returned from PATCH, DELETE, recover, restore: never', async () => {
    await vault.set('silent', 'the value')
    const { value: blob } = (await vault.ask('POST', '/secrets/silent/backup')).json
    const heard = [
      await vault.ask('PATCH', '/secrets/silent', { tags: { a: '1' } }),
      await vault.ask('DELETE', '/secrets/silent'),
      await vault.ask('GET', '/deletedsecrets/silent'),
      await vault.ask('POST', '/deletedsecrets/silent/recover'),
    ]
    await vault.ask('DELETE', '/secrets/silent')
    await vault.ask('DELETE', '/deletedsecrets/silent')
    heard.push(await vault.ask('POST', '/secrets/restore', { value: blob }))
    for (const { status, json, text } of heard) {
      assert.equal(status, 200)
      assert.equal('value' in json || text.includes('the value'), false)
    }
  })

  it('GET of an expired or not-yet-valid secret refused: it is allowed', async () => {
    await vault.set('expired', 'v', { attributes: { exp: at - 1000 } })
    await vault.set('early', 'v', { attributes: { nbf: at + 1000 } })
    for (const name of ['expired', 'early']) {
      assert.equal((await vault.ask('GET', `/secrets/${name}`)).json.value, 'v')
    }
  })

  it('latest = latest enabled version: it is the latest created, and refused when disabled', async () => {
    const older = await vault.set('latest', 'enabled')
    await vault.set('latest', 'disabled', { attributes: { enabled: false } })
    assert.equal((await vault.ask('GET', '/secrets/latest')).status, 403)
    assert.equal((await vault.ask('GET', `/secrets/latest/${versionOf(older)}`)).json.value, 'enabled')
  })

  it('404 or 400 for disabled objects: 403 with an inner code, also for one that is deleted', async () => {
    await vault.set('disabled', 'v', { attributes: { enabled: false } })
    const live = await vault.ask('GET', '/secrets/disabled')
    await vault.ask('DELETE', '/secrets/disabled')
    const deleted = await vault.ask('GET', '/deletedsecrets/disabled')
    for (const { status, json } of [live, deleted]) {
      assert.equal(status, 403)
      assert.deepEqual(json.error, {
        code: 'Forbidden',
        message: 'Operation get is not allowed on a disabled secret.',
        innererror: { code: 'SecretDisabled' },
      })
    }
    assert.ok((await vault.ask('GET', '/deletedsecrets')).text.includes('/disabled'))
    assert.equal((await vault.ask('POST', '/deletedsecrets/disabled/recover')).status, 200)
  })

  it('no innererror, own exception names as codes: the service’s codes, inner ones where it has them', async () => {
    await vault.set('codes', 'v')
    await vault.ask('DELETE', '/secrets/codes')
    const stranger = asking(house, await (await house.newcomer('stranger')).token())
    const codes = async (heard: Promise<{ status: number; json: { error: Record<string, unknown> } }>) => {
      const { status, json } = await heard
      assert.deepEqual(Object.keys(json.error).slice(0, 2), ['code', 'message'])
      return [status, json.error.code, (json.error.innererror as { code: string } | undefined)?.code]
    }
    assert.deepEqual(await codes(vault.ask('GET', '/secrets/nothing')), [404, 'SecretNotFound', undefined])
    assert.deepEqual(await codes(vault.ask('GET', '/deletedsecrets/nothing')), [404, 'SecretNotFound', undefined])
    assert.deepEqual(await codes(vault.ask('GET', '/secrets/a_b')), [400, 'BadParameter', undefined])
    assert.deepEqual(await codes(vault.ask('PUT', '/secrets/codes', { value: 'w' })), [
      409,
      'Conflict',
      'ObjectIsDeletedButRecoverable',
    ])
    assert.deepEqual(await codes(stranger.ask('GET', '/secrets/codes')), [403, 'Forbidden', 'ForbiddenByRbac'])
    assert.deepEqual(await codes(vault.ask('POST', '/secrets/restore', { value: 'x' })), [
      400,
      'Malformed backup blob',
      undefined,
    ])
  })

  it('tags merged on PATCH: they are replaced', async () => {
    await vault.set('tags', 'v', { tags: { a: '1', b: '2' } })
    assert.deepEqual((await vault.ask('PATCH', '/secrets/tags', { tags: { b: '3' } })).json.tags, { b: '3' })
    assert.deepEqual((await vault.ask('PATCH', '/secrets/tags', { contentType: 'x' })).json.tags, { b: '3' })
    assert.deepEqual((await vault.ask('PATCH', '/secrets/tags', { tags: {} })).json.tags, {})
  })

  it('attributes carried over to the new version on PUT: they are not', async () => {
    const attributes = { exp: at + 1000, nbf: at - 1000, enabled: false }
    await vault.set('carried', 'v', { tags: { a: '1' }, contentType: 'text/plain', attributes })
    const { json } = await vault.set('carried', 'v')
    assert.deepEqual(Object.keys(json), ['value', 'id', 'attributes', 'previousVersion'])
    assert.deepEqual(Object.keys(json.attributes), [
      'enabled',
      'created',
      'updated',
      'recoveryLevel',
      'recoverableDays',
    ])
    assert.equal(json.attributes.enabled, true)
  })

  it('no nextLink member, or a relative one: absolute, with the parameters of the request, null at the end', async () => {
    for (const name of ['page-a', 'page-b']) await vault.set(name, 'v')
    const first = await vault.ask('GET', '/secrets', undefined, 'api-version=7.4&maxresults=1')
    assert.match(
      first.json.nextLink,
      /^https:\/\/demo\.vault\.cardea\.internal\/secrets\?api-version=7\.4&\$skiptoken=[\w-]+&maxresults=1$/,
    )
    assert.deepEqual(Object.keys(first.json), ['value', 'nextLink'])
    const whole = await vault.ask('GET', '/secrets/page-a/versions')
    assert.equal(whole.json.nextLink, null)
    const link = new URL(first.json.nextLink)
    const next = await house.ask(`${link.host}:443`, 'GET', `${link.pathname}${link.search}`, { token })
    assert.equal(next.status, 200)
  })

  it('fixed Recoverable+Purgeable, 90: the vault’s own settings', async () => {
    const host = await foundAnother(house, 'strict', { retentionDays: 14, purgeProtection: true })
    const { attributes } = (await asking(house, token, host).set('a', 'v')).json
    assert.deepEqual([attributes.recoveryLevel, attributes.recoverableDays], ['CustomizedRecoverable', 14])
  })

  it('purge 200: it is 204, without a body', async () => {
    await vault.set('purged', 'v')
    await vault.ask('DELETE', '/secrets/purged')
    const heard = await vault.ask('DELETE', '/deletedsecrets/purged')
    assert.deepEqual([heard.status, heard.text, heard.headers['content-length']], [204, '', undefined])
  })

  it('tokens not validated, every caller allowed: neither', async () => {
    await vault.set('guarded', 'v')
    const [head, body] = token.split('.') as [string, string, string]
    for (const forged of [`${head}.${body}.AAAA`, 'anything', 'ey.ey.ey']) {
      assert.equal((await asking(house, forged).ask('GET', '/secrets/guarded')).status, 401)
    }
    const nobody = asking(house, await (await house.newcomer('nobody')).token())
    assert.equal((await nobody.ask('GET', '/secrets/guarded')).status, 403)
  })

  it('challenge without authorization, or with a resource that does not parent the host: it has both', async () => {
    const heard = await house.ask(house.vaultHost, 'PUT', '/secrets/x')
    const [, authorization, resource] =
      /^Bearer authorization="([^"]+)", resource="([^"]+)"$/.exec(heard.headers['www-authenticate'] ?? '') ?? []
    assert.equal(new URL(authorization as string).pathname.split('/').length, 2)
    assert.ok(house.vaultHost.endsWith(`.${new URL(resource as string).hostname}`))
    assert.equal(new URL(resource as string).pathname, '/')
    assert.equal((resource as string).endsWith('/'), false)
  })

  it('ids built from the request’s host: they bear the vault’s own', async () => {
    await vault.set('named', 'v')
    for (const host of [`${house.vaultHost}:8443`, house.vaultHost.toUpperCase()]) {
      const { json } = await house.ask(host, 'GET', `/secrets/named?${newest}`, { token })
      assert.match(json.id, /^https:\/\/demo\.vault\.cardea\.internal\/secrets\/named\/[0-9a-f]{32}$/)
      const list = await house.ask(host, 'GET', `/secrets?${newest}&maxresults=1`, { token })
      assert.match(list.json.nextLink, /^https:\/\/demo\.vault\.cardea\.internal\/secrets\?/)
    }
  })

  it('restore over an existing name allowed: 409', async () => {
    await vault.set('existing', 'v')
    const { value } = (await vault.ask('POST', '/secrets/existing/backup')).json
    assert.equal((await vault.ask('POST', '/secrets/restore', { value })).status, 409)
  })

  it('versions of an unknown name -> 404: 200 with an empty list', async () => {
    const heard = await vault.ask('GET', '/secrets/unknown/versions')
    assert.deepEqual([heard.status, heard.text], [200, '{"value":[],"nextLink":null}'])
  })

  it('429 without Retry-After copied from the real service: it is sent', async () => {
    const now = Date.now()
    await using small = await openHouse({ env: { CARDEA_QUOTA: '1' }, clock: () => now })
    const there = asking(small, await small.developerToken())
    await there.ask('GET', '/secrets')
    const heard = await there.ask('GET', '/secrets')
    assert.deepEqual([heard.status, heard.headers['retry-after']], [429, '10'])
  })
})
