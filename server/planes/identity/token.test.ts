import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { decodeJwt } from 'jose'
import { addPassword, dropCredential } from '#core/identity/directory.ts'
import { enablePrincipal } from '#core/identity/testing/enable-principal.ts'
import { type Heard, openHouse } from '../../testing/house.ts'
import { peopleOf } from './testing/people.ts'

let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
const app = await house.newcomer('an application')
const { post } = peopleOf(() => house)

const scope = 'https://vault.cardea.internal/.default'
const withSecret = (extra: Record<string, string> = {}) => ({
  grant_type: 'client_credentials',
  client_id: app.principal.appId,
  client_secret: app.password,
  scope,
  ...extra,
})

describe('the token endpoint', () => {
  it('gives an application a token for the audience it named', async () => {
    const heard = await post(withSecret({ client_info: '1', claims: '{}' }))
    assert.equal(heard.status, 200)
    assert.equal(heard.json.token_type, 'Bearer')
    assert.equal(heard.json.expires_in, 3600)
    const claims = decodeJwt(heard.json.access_token)
    assert.equal(claims.aud, 'https://vault.cardea.internal')
    assert.equal(claims.oid, app.principal.objectId)
    assert.equal(claims.appid, app.principal.appId)
    assert.equal(claims.tid, house.cardea.installation.tenant)
    const slash = await post(withSecret({ scope: 'https://management.cardea.internal//.default' }))
    assert.equal(decodeJwt(slash.json.access_token).aud, 'https://management.cardea.internal/')
  })

  it('refuses each kind of bad request with Entra’s number for it, and never repeats a secret', async () => {
    const wrong: [Record<string, string> | string, number, string, number][] = [
      ['', 400, 'unsupported_grant_type', 70003],
      [withSecret({ grant_type: 'magic' }), 400, 'unsupported_grant_type', 70003],
      [withSecret({ grant_type: 'password' }), 400, 'unauthorized_client', 65005],
      [withSecret({ scope: 'https://vault.cardea.internal' }), 400, 'invalid_scope', 70011],
      [withSecret({ scope: `${scope} openid` }), 400, 'invalid_scope', 70011],
      [withSecret({ client_id: '' }), 400, 'invalid_request', 900144],
      [withSecret({ client_id: randomUUID() }), 400, 'unauthorized_client', 700016],
      [withSecret({ client_secret: '' }), 401, 'invalid_client', 7000218],
      [withSecret({ client_secret: 'a-guess-that-is-wrong' }), 401, 'invalid_client', 7000215],
      [withSecret({ client_secret: `${app.password} ` }), 401, 'invalid_client', 7000215],
      [`${new URLSearchParams(withSecret())}&client_id=${randomUUID()}`, 400, 'invalid_request', 900144],
      [withSecret({ client_assertion: 'x', client_assertion_type: 'other' }), 400, 'invalid_request', 90014],
    ]
    for (const [form, status, error, number] of wrong) {
      const heard = await post(form)
      assert.deepEqual([heard.status, heard.json.error, heard.json.error_codes], [status, error, [number]], heard.text)
      assert.match(heard.json.error_description, new RegExp(`^AADSTS${number}: `))
      for (const secret of [app.password, 'a-guess-that-is-wrong']) assert.equal(heard.text.includes(secret), false)
    }
    assert.equal((await post(withSecret(), `/${randomUUID()}/oauth2/v2.0/token`)).json.error_codes[0], 90002)
    assert.equal((await post(withSecret(), undefined, { 'content-type': 'application/json' })).status, 400)
    assert.equal((await post(withSecret({ pad: 'x'.repeat(100_000) }))).status, 413)
  })

  it('takes an application’s secret from the header too, and from there or the form, not both', async () => {
    const { client_id, client_secret, ...rest } = withSecret()
    const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
    const pair = `${client_id}:${encodeURIComponent(client_secret)}`
    const numberOf = async (form: Record<string, string>, text: string) => {
      const { status, json } = await post(form, undefined, basic(text))
      return [status, json.error_codes?.[0]]
    }
    assert.deepEqual(await numberOf(rest, pair), [200, undefined])
    assert.deepEqual(await numberOf({ ...rest, client_id }, pair), [200, undefined])
    assert.deepEqual(await numberOf({ ...rest, client_secret }, pair), [400, 900144])
    assert.deepEqual(await numberOf({ ...rest, client_id: randomUUID() }, pair), [401, 7000218])
    assert.deepEqual(await numberOf(rest, `${client_id}:wrong`), [401, 7000215])
    for (const text of [client_id, `${client_id}:`, `:${client_secret}`, `${client_id}:%zz`])
      assert.deepEqual(await numberOf(rest, text), [401, 7000218], text)
  })

  it('tells nothing of a stranger’s words that could pretend to be another line', async () => {
    const heard = await post(withSecret({ client_id: 'x\r\nSet-Cookie: a=b<script>' }))
    assert.equal(/[\r\n<>]/.test(heard.json.error_description), false)
  })

  it('refuses an expired secret, saying that it is expired', async () => {
    const other = await house.newcomer('with an expired secret')
    const { base } = house.cardea
    await base.database.write((turn) =>
      addPassword(turn, base.keyring, other.principal, 'short-lived', { name: 'x', ends: turn.at + 1000 }),
    )
    const form = withSecret({ client_id: other.principal.appId, client_secret: 'short-lived' })
    assert.equal((await post(form)).status, 200)
    now += 2000
    assert.equal((await post(form)).json.error_codes[0], 7000222)
  })

  it('gives a disabled application nothing, and its tokens end with it', async () => {
    const other = await house.newcomer('soon disabled')
    const token = await other.token()
    const { base } = house.cardea
    const get = () => house.ask(house.vaultHost, 'GET', '/secrets/x?api-version=7.4', { token })
    await house.assign(
      other.principal,
      builtInRoles.keyVaultSecretsUser,
      `/subscriptions/${house.cardea.installation.subscription}`,
    )
    assert.equal((await get()).status, 404)
    await base.database.write((turn) =>
      enablePrincipal(turn, house.cardea.base.keyring, other.principal.objectId, false),
    )
    assert.equal((await get()).status, 403)
    const form = withSecret({ client_id: other.principal.appId, client_secret: other.password })
    assert.equal((await post(form)).json.error_codes[0], 7000112)
  })

  it('keeps a record of each token given and each attempt that failed', async () => {
    const marked = { 'x-ms-client-request-id': randomUUID() }
    await post(withSecret(), undefined, marked)
    await post(withSecret({ client_secret: 'wrong' }), undefined, marked)
    const deeds = (await house.deeds()).filter(({ correlation }) => correlation === marked['x-ms-client-request-id'])
    assert.deepEqual(
      deeds.map(({ operation, outcome }) => `${operation} ${outcome}`),
      ['TokenIssue done', 'TokenIssue unauthenticated'],
    )
    assert.equal(deeds[0]?.caller, app.principal.objectId)
  })
})

describe('a token', () => {
  const secrets = (token: string) => house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })

  it('ends in the moment when the secret that it was given for is taken away, and others live on', async () => {
    const { base, installation } = house.cardea
    const other = await house.newcomer('with two secrets')
    await house.assign(other.principal, builtInRoles.keyVaultSecretsUser, `/subscriptions/${installation.subscription}`)
    const second = await base.database.write((turn) =>
      addPassword(turn, base.keyring, other.principal, 'the second one', {
        name: 'second',
        ends: turn.at + 86_400_000,
      }),
    )
    const form = withSecret({ client_id: other.principal.appId, client_secret: 'the second one' })
    const [first, doomed] = [await other.token(), (await post(form)).json.access_token]
    assert.deepEqual([(await secrets(first)).status, (await secrets(doomed)).status], [200, 200])
    await base.database.write((turn) => dropCredential(turn, other.principal.objectId, second))
    const heard = await secrets(doomed)
    assert.equal(heard.status, 401)
    assert.match(heard.headers['www-authenticate'] ?? '', /^Bearer /)
    assert.equal((await secrets(first)).status, 200)
  })
})

describe('a right secret', () => {
  it('is taken however many wrong ones came before; they are told to wait', async () => {
    const other = await house.newcomer('guessed at')
    const form = (client_secret: string) => withSecret({ client_id: other.principal.appId, client_secret })
    const heard: Heard[] = []
    for (let tries = 0; tries < 12; tries += 1) heard.push(await post(form(`guess ${tries}`)))
    assert.deepEqual(
      heard.map(({ status }) => status),
      [...Array.from({ length: 10 }, () => 401), 429, 429],
    )
    assert.equal(heard[11]?.headers['retry-after'], '60')
    assert.deepEqual(heard[11]?.json.error_codes, [50053])
    assert.equal((await post(form(other.password))).status, 200)
  })
})
