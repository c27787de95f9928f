import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomUUID, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { decodeJwt, decodeProtectedHeader, type JWK, jwtVerify, SignJWT } from 'jose'
import { mayUseAssertion } from '#core/identity/assertions.ts'
import { addCertificate, addPassword, dropCredential } from '#core/identity/directory.ts'
import { enablePrincipal } from '#core/identity/testing/enable-principal.ts'
import { newKeyPair, rotateSigningKey } from '#core/identity/tokens.ts'
import { settingsFrom } from '../../settings.ts'
import { type Heard, openHouse } from '../../testing/house.ts'

let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
const app = await house.newcomer('an application')

const scope = 'https://vault.cardea.internal/.default'
const post = (
  form: Record<string, string> | string,
  path = '/adfs/oauth2/v2.0/token',
  headers: Record<string, string> = {},
): Promise<Heard> =>
  house.ask(house.loginHost, 'POST', path, {
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })
const withSecret = (extra: Record<string, string> = {}) => ({
  grant_type: 'client_credentials',
  client_id: app.principal.appId,
  client_secret: app.password,
  scope,
  ...extra,
})

describe('discovery', () => {
  it('is the same document under every name of the tenant', async () => {
    const { tenant } = house.cardea.installation
    const paths = [
      `/${tenant}/v2.0/.well-known/openid-configuration`,
      '/adfs/.well-known/openid-configuration',
      `/adfs/${tenant}/.well-known/openid-configuration`,
      `/adfs/t/${tenant}/.well-known/openid-configuration`,
      '/common/v2.0/.well-known/openid-configuration',
      '/organizations/v2.0/.well-known/openid-configuration',
    ]
    const documents = await Promise.all(paths.map((path) => house.ask(house.loginHost, 'GET', path)))
    for (const [index, { status, text }] of documents.entries()) {
      assert.equal(status, 200, String(paths[index]))
      assert.equal(text, documents[0]?.text)
    }
    const { issuer, token_endpoint, authorization_endpoint, jwks_uri } = (documents[0] as Heard).json
    assert.equal(issuer, `https://login.cardea.internal/${tenant}/v2.0`)
    assert.equal(token_endpoint, `https://login.cardea.internal/${tenant}/oauth2/v2.0/token`)
    assert.ok(
      authorization_endpoint.startsWith('https://login.cardea.internal/') &&
        jwks_uri.startsWith('https://login.cardea.internal/'),
    )
  })

  it('knows no other tenant', async () => {
    const heard = await house.ask(house.loginHost, 'GET', `/${randomUUID()}/v2.0/.well-known/openid-configuration`)
    assert.equal(heard.status, 400)
    assert.match(heard.json.error_description, /^AADSTS90002/)
  })

  it('publishes the keys that verify our tokens', async () => {
    const token = await app.token()
    const { json } = await house.ask(house.loginHost, 'GET', `/${house.cardea.installation.tenant}/discovery/v2.0/keys`)
    const { kid } = decodeProtectedHeader(token)
    const key = json.keys.find((one: { kid: string }) => one.kid === kid) as JWK
    assert.deepEqual(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
    await jwtVerify(token, createPublicKey({ key: key as never, format: 'jwk' }), { currentDate: new Date(now) })
  })
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

describe('a certificate’s assertion', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-certificate-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const certificate = (name: string): { pem: string; key: KeyObject; x509: X509Certificate } => {
    const [keyFile, pemFile] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)]
    const made = spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      keyFile,
      '-out',
      pemFile,
      '-days',
      '30',
      '-subj',
      `/CN=${name}`,
    ])
    assert.equal(made.status, 0, String(made.stderr))
    const pem = readFileSync(pemFile, 'utf8')
    return { pem, key: createPrivateKey(readFileSync(keyFile)), x509: new X509Certificate(pem) }
  }
  const own = certificate('own')
  const foreign = certificate('foreign')
  const endpoint = () => `https://login.cardea.internal/${house.cardea.installation.tenant}/oauth2/v2.0/token`
  const seconds = () => Math.floor(now / 1000)

  before(async () => {
    await house.cardea.base.database.write((turn) =>
      addCertificate(turn, house.cardea.base.keyring, app.principal, own.pem, {
        name: 'own',
        ends: turn.at + 86_400_000,
      }),
    )
  })

  const assertion = ({
    alg = 'PS256',
    key = own.key,
    x509 = own.x509,
    header,
    claims,
  }: {
    alg?: string
    key?: KeyObject
    x509?: X509Certificate
    header?: object
    claims?: object
  } = {}) =>
    new SignJWT({
      iss: app.principal.appId,
      sub: app.principal.appId,
      aud: endpoint(),
      jti: randomUUID(),
      iat: seconds(),
      nbf: seconds(),
      exp: seconds() + 600,
      ...claims,
    })
      .setProtectedHeader({
        alg,
        typ: 'JWT',
        'x5t#S256': createHash('sha256').update(x509.raw).digest('base64url'),
        ...header,
      })
      .sign(key)
  const ask = async (jwt: string, extra: Record<string, string> = {}) =>
    post({
      grant_type: 'client_credentials',
      client_id: app.principal.appId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: jwt,
      scope,
      ...extra,
    })

  it('is taken as each client makes it: PS256 or RS256, either thumbprint, padded or not, with fractions of seconds', async () => {
    const sha1 = createHash('sha1').update(own.x509.raw).digest('base64')
    for (const jwt of [
      await assertion(),
      await assertion({ alg: 'RS256', header: { 'x5t#S256': undefined, x5t: sha1 } }),
      await assertion({
        alg: 'RS256',
        header: { 'x5t#S256': undefined, x5t: sha1.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_') },
      }),
      await assertion({ claims: { iat: now / 1000, exp: now / 1000 + 599.5 } }),
      await assertion({ claims: { aud: 'https://login.cardea.internal/adfs/oauth2/v2.0/token' } }),
      `${await assertion()}\n`,
    ]) {
      assert.equal((await ask(jwt)).status, 200)
    }
  })

  it('may be sent again by whoever used it first, and by nobody else', async () => {
    const jti = randomUUID()
    const jwt = await assertion({ claims: { jti } })
    assert.equal((await ask(jwt)).status, 200)
    // Azure's JavaScript library sends the same one for every token that it wants within ten minutes.
    assert.equal((await ask(jwt)).status, 200)
    const { base } = house.cardea
    const elsewhere = { issuer: app.principal.appId, id: jti, assertion: jwt, address: '10.0.0.9', ends: now + 600_000 }
    const may = (used: typeof elsewhere) => base.database.write((turn) => mayUseAssertion(turn, base.keyring, used))
    assert.equal(await may(elsewhere), false)
    assert.equal(await may({ ...elsewhere, address: '127.0.0.1' }), true)
    assert.equal(await may({ ...elsewhere, issuer: randomUUID() }), true, 'another’s ids are another’s')
    // Another assertion with the same id is a forgery of one of the two.
    const twin = await assertion({ claims: { jti, iat: seconds() - 1 } })
    const heard = await ask(twin)
    assert.deepEqual([heard.status, heard.json.error_codes], [401, [700027]])
  })

  it('is forgotten once it would be refused as expired', async () => {
    const count = async () =>
      Number(
        ((await house.cardea.base.database.read.run('select count(*) as n from ticket', [])).rows[0] as { n: number })
          .n,
      )
    await ask(await assertion())
    assert.ok((await count()) > 1)
    now += 1000_000
    await ask(await assertion())
    assert.equal(await count(), 1)
  })

  it('is refused when it is another’s, expired, for another place, too long-lived, or unsigned', async () => {
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await assertion()).split('.')[1]}.`
    for (const jwt of [
      await assertion({ key: foreign.key, x509: foreign.x509 }),
      await assertion({ key: foreign.key }),
      await assertion({ claims: { iss: randomUUID() } }),
      await assertion({ claims: { sub: randomUUID() } }),
      await assertion({ claims: { aud: 'https://login.example.org/token' } }),
      await assertion({ claims: { aud: 'https://login.cardea.internal.example.org/x/oauth2/v2.0/token' } }),
      await assertion({ claims: { exp: seconds() - 1000 } }),
      await assertion({ claims: { exp: seconds() + 30 * 86_400 } }),
      await assertion({ claims: { exp: undefined } }),
      unsigned,
      'a.b.c',
    ]) {
      const heard = await ask(jwt)
      assert.deepEqual([heard.status, heard.json.error], [401, 'invalid_client'], jwt)
    }
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

describe('signing keys', () => {
  it('rotate with overlap: a new one is shown before it signs, and old tokens live on', async () => {
    const { base } = house.cardea
    const before = await house.developerToken()
    const pair = await newKeyPair()
    await base.database.write((turn) => rotateSigningKey(turn, base.keyring, pair))
    const list = `/${house.cardea.installation.tenant}/discovery/v2.0/keys`
    assert.equal((await house.ask(house.loginHost, 'GET', list)).json.keys.length, 2)
    const sameDay = await house.developerToken()
    assert.equal(decodeProtectedHeader(sameDay).kid, decodeProtectedHeader(before).kid)
    now += 86_400_000 + 1000
    const nextDay = await house.developerToken()
    assert.notEqual(decodeProtectedHeader(nextDay).kid, decodeProtectedHeader(before).kid)
    const get = (token: string) => house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })
    assert.equal((await get(nextDay)).status, 200)
    now -= 86_400_000 + 1000
    assert.equal((await get(before)).status, 200)
  })

  it('sign nothing that nobody would verify, though the clock leaps over all of them or falls back before the first', async () => {
    let ahead = 0
    // It goes on while a key is made, as clocks do.
    await using leaping = await openHouse({ clock: () => Date.now() + ahead })
    const works = async (): Promise<void> => {
      // At the same moment, before the worker that makes keys has woken; one new key is enough for all.
      const tokens = await Promise.all(Array.from({ length: 5 }, () => leaping.developerToken()))
      assert.equal(new Set(tokens.map((token) => decodeProtectedHeader(token).kid)).size, 1)
      for (const token of tokens)
        assert.equal((await leaping.ask(leaping.vaultHost, 'GET', '/secrets?api-version=7.4', { token })).status, 200)
    }
    for (const days of [40, 32, -71]) {
      ahead += days * 86_400_000
      await works()
    }
  })
})

describe('the operator’s settings', () => {
  it('say how long tokens live, and the token says so too', async () => {
    let at = Date.now()
    await using short = await openHouse({ clock: () => at, env: { CARDEA_TOKEN_MINUTES: '5' } })
    const token = await short.developerToken()
    const { exp = 0, iat = 0 } = decodeJwt(token)
    assert.equal(exp - iat, 300)
    const get = () => short.ask(short.vaultHost, 'GET', '/secrets?api-version=7.4', { token })
    assert.equal((await get()).status, 200)
    at += 11 * 60_000
    assert.equal((await get()).status, 401)
  })

  it('are refused all together when they make no sense', () => {
    const issuer = 'https://issuer.example.org'
    for (const [name, value] of [
      ['CARDEA_TOKEN_MINUTES', '4'],
      ['CARDEA_TOKEN_MINUTES', '1441'],
      ['CARDEA_TOKEN_MINUTES', 'an hour'],
      ['CARDEA_ISSUERS', 'http://issuer.example.org'],
      ['CARDEA_ISSUERS', 'issuer.example.org'],
      ['CARDEA_ISSUERS', `${issuer}?x=y`],
      ['CARDEA_ISSUERS', 'https://user:password@issuer.example.org'],
      ['CARDEA_ISSUERS', `${issuer} ${issuer}`],
      ['CARDEA_ISSUERS', `${issuer};jwks=a ${issuer};jwks=b`],
      ['CARDEA_MACHINE_IDENTITIES', 'this machine'],
      ['CARDEA_MACHINE_IDENTITIES', '*'],
      ['CARDEA_MACHINE_IDENTITIES', '/subscriptions/x'],
      [
        'CARDEA_MACHINE_IDENTITIES',
        `/subscriptions/${randomUUID()}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`,
      ],
    ] as const) {
      assert.throws(() => settingsFrom({ [name]: value }), new RegExp(name), `${name}=${value}`)
    }
    const { issuers, machineIdentities } = settingsFrom({
      CARDEA_ISSUERS: `${issuer}\nhttps://other.example.org/realm/;jwks=/etc/keys.json,`,
      CARDEA_MACHINE_IDENTITIES: app.principal.appId.toUpperCase(),
    })
    assert.deepEqual(issuers, [
      { issuer, jwksFile: undefined },
      { issuer: 'https://other.example.org/realm/', jwksFile: '/etc/keys.json' },
    ])
    assert.deepEqual(machineIdentities, [app.principal.appId])
  })
})
