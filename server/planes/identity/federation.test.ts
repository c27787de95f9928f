import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { fetchJson } from '#base/fetch-json.ts'
import { dropFederated, keepFederated } from '#core/identity/federated-credentials.ts'
import { IssuerBook, IssuerUnreachable } from '#core/identity/issuers.ts'
import { enablePrincipal } from '#core/identity/testing/enable-principal.ts'
import { type Heard, openHouse } from '../../testing/house.ts'

type Pair = Awaited<ReturnType<typeof generateKeyPair>>
const folder = mkdtempSync(join(tmpdir(), 'cardea-federation-'))
const cluster = 'https://kubernetes.default.svc.cluster.local'
const audience = 'api://AzureADTokenExchange'
const subject = 'system:serviceaccount:shop:checkout'

let now = Date.now()

/** An OpenID issuer on this machine, over TLS, that can be told to misbehave. */
type ForeignIssuer = AsyncDisposable & {
  readonly issuer: string
  readonly asked: string[]
  answers: Record<string, () => { status?: number; headers?: Record<string, string>; body?: unknown }>
}
async function openForeignIssuer(pair: Pair): Promise<ForeignIssuer> {
  const [key, cert] = [join(folder, 'tls.key'), join(folder, 'tls.pem')]
  const options = [
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    '-days',
    '9',
    '-subj',
    '/CN=localhost',
  ]
  const made = spawnSync('openssl', ['req', '-x509', ...options, '-addext', 'subjectAltName=DNS:localhost'])
  assert.equal(made.status, 0, String(made.stderr))
  setDefaultCACertificates([...getCACertificates(), readFileSync(cert, 'utf8')])
  const asked: string[] = []
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, ({ url = '' }, response) => {
    asked.push(url)
    const { status = 200, headers = {}, body = {} } = foreign.answers[url]?.() ?? { status: 404 }
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const issuer = `https://localhost:${(server.address() as AddressInfo).port}/realm`
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: 'first', alg: 'RS256', use: 'sig' }
  return {
    issuer,
    asked,
    answers: {
      '/realm/.well-known/openid-configuration': () => ({ body: { issuer, jwks_uri: `${issuer}/keys` } }),
      '/realm/keys': () => ({ body: { keys: [jwk] } }),
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  }
}

const keys = await generateKeyPair('RS256')
const foreign = await openForeignIssuer(keys)
const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'first', alg: 'RS256', use: 'sig' }
const file = join(folder, 'cluster.json')
writeFileSync(file, JSON.stringify({ keys: [jwk] }))
const house = await openHouse({
  clock: () => now,
  env: { CARDEA_ISSUERS: `${cluster};jwks=${file}, ${foreign.issuer}` },
})
after(async () => {
  await house[Symbol.asyncDispose]()
  await foreign[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
const app = await house.newcomer('a workload')

const trust = (issuer: string, name: string, who = app.principal.objectId, sub = subject) =>
  house.cardea.base.database.write((turn) =>
    keepFederated(turn, house.cardea.base.keyring, who, {
      name,
      issuer,
      subject: sub,
      audiences: [audience],
      description: '',
    }),
  )
const signed = (claims: object = {}, header: object = {}, key = keys.privateKey): Promise<string> =>
  new SignJWT({
    iss: cluster,
    sub: subject,
    aud: [audience],
    iat: Math.floor(now / 1000),
    exp: Math.floor(now / 1000) + 3600,
    ...claims,
  })
    .setProtectedHeader({ alg: 'RS256', kid: 'first', ...header })
    .sign(key)
const ask = (assertion: string, clientId = app.principal.appId): Promise<Heard> =>
  house.ask(house.loginHost, 'POST', '/adfs/oauth2/v2.0/token', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      scope: 'https://vault.cardea.internal/.default',
    }).toString(),
  })
const outcomeOf = ({ status, json }: Heard): [number, number | undefined] => [status, json.error_codes?.[0]]

describe('a token of another issuer', () => {
  before(() => trust(cluster, 'cluster'))

  it('proves the application that it was set up for, as often as the workload sends it', async () => {
    const assertion = `${await signed()}\n`
    const heard = await ask(assertion)
    assert.equal(heard.status, 200)
    assert.equal(decodeJwt(heard.json.access_token).oid, app.principal.objectId)
    assert.equal((await ask(assertion)).status, 200)
    assert.equal((await ask(await signed({ aud: audience }))).status, 200)
  })

  it('is compared letter by letter: no wildcard, no other case, no slash more', async () => {
    for (const claims of [
      { sub: 'system:serviceaccount:shop:*' },
      { sub: `${subject}x` },
      { sub: subject.toUpperCase() },
      { sub: ` ${subject}` },
      { sub: undefined },
      { aud: 'api://azureadtokenexchange' },
      { aud: undefined },
      { aud: [] },
      { iss: `${cluster}/` },
      { iss: cluster.toUpperCase() },
      { iss: undefined },
    ]) {
      const heard = await ask(await signed(claims))
      assert.equal(heard.status, 401, JSON.stringify(claims))
      assert.ok([700213, 700027].includes(heard.json.error_codes[0]), heard.text)
    }
    const other = await house.newcomer('another workload')
    assert.deepEqual(outcomeOf(await ask(await signed(), other.principal.appId)), [401, 700213])
  })

  it('is refused when it is expired, not yet valid, unsigned, or signed by another, however it is dressed', async () => {
    const stranger = await generateKeyPair('RS256')
    const [, payload] = (await signed()).split('.')
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const publicPem = JSON.stringify(await exportJWK(keys.publicKey))
    const confused = `${part({ alg: 'HS256', kid: 'first' })}.${payload}`
    const seconds = Math.floor(now / 1000)
    assert.deepEqual(outcomeOf(await ask(await signed({ exp: seconds - 1000 }))), [401, 700024])
    for (const assertion of [
      await signed({ nbf: seconds + 1000 }),
      await signed({ exp: undefined }),
      `${part({ alg: 'none' })}.${payload}.`,
      `${part({ alg: 'None', kid: 'first' })}.${payload}.`,
      `${confused}.${createHmac('sha256', publicPem).update(confused).digest('base64url')}`,
      await signed({}, {}, stranger.privateKey),
      await signed({}, { jwk: await exportJWK(stranger.publicKey) }, stranger.privateKey),
      await signed({}, { jku: 'https://evil.example/keys', kid: 'evil' }, stranger.privateKey),
      await signed({}, { kid: '../../../../dev/null' }, stranger.privateKey),
      await signed({}, { kid: "' or '1'='1" }, stranger.privateKey),
      `${(await signed()).slice(0, -4)}AAAA`,
      `${part({ alg: 'RS256', kid: 'first' })}..`,
      'x'.repeat(20_000),
    ]) {
      assert.equal((await ask(assertion)).status, 401, assertion.slice(0, 80))
    }
  })

  it('proves nothing when nobody listed its issuer, and that issuer is never asked', async () => {
    const evil = 'https://localhost:9/evil'
    await trust(evil, 'evil')
    assert.deepEqual(outcomeOf(await ask(await signed({ iss: evil }))), [401, 700212])
  })

  it('ends with the credential: what was made on its word holds no longer in the next request', async () => {
    const other = await house.newcomer('soon distrusted')
    const credential = await trust(cluster, 'soon-gone', other.principal.objectId)
    const token = (await ask(await signed(), other.principal.appId)).json.access_token
    const get = () => house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })
    assert.equal((await get()).status, 403)
    await house.cardea.base.database.write((turn) => dropFederated(turn, other.principal.objectId, credential.id))
    assert.equal((await get()).status, 401)
  })

  it('may be one of our own: an application lends another its identity, for as long as its token stands', async () => {
    const lender = await house.newcomer('a lender')
    const issuer = `https://login.cardea.internal/${house.cardea.installation.tenant}/v2.0`
    await trust(issuer, 'own', app.principal.objectId, lender.principal.objectId)
    const lent = await lender.token(audience)
    assert.equal((await ask(lent)).status, 200)
    assert.deepEqual(outcomeOf(await ask(await lender.token('https://vault.cardea.internal'))), [401, 700213])
    const { base } = house.cardea
    await base.database.write((turn) => enablePrincipal(turn, base.keyring, lender.principal.objectId, false))
    assert.equal((await ask(lent)).status, 401)
  })
})

describe('an issuer that is asked for its keys', () => {
  before(() => trust(foreign.issuer, 'foreign'))
  const theirs = (header: object = {}, key?: Pair['privateKey']) => signed({ iss: foreign.issuer }, header, key)

  it('is asked once, for many at the same moment, and again for a key that it didn’t show', async () => {
    const heard = await Promise.all(Array.from({ length: 5 }, async () => ask(await theirs())))
    assert.deepEqual(
      heard.map(({ status }) => status),
      [200, 200, 200, 200, 200],
    )
    assert.deepEqual(foreign.asked, ['/realm/.well-known/openid-configuration', '/realm/keys'])
    const next = await generateKeyPair('ES256')
    const jwk = { ...(await exportJWK(next.publicKey)), kid: 'second', alg: 'ES256', use: 'sig' }
    foreign.answers['/realm/keys'] = () => ({ body: { keys: [jwk] } })
    const second = await theirs({ alg: 'ES256', kid: 'second' }, next.privateKey)
    assert.equal((await ask(second)).status, 401, 'within a minute it isn’t asked again')
    assert.equal(foreign.asked.length, 2)
    now += 61_000
    assert.equal((await ask(second)).status, 200)
    assert.equal((await ask(await theirs({ kid: `guess ${randomUUID()}` }))).status, 401)
    assert.equal(foreign.asked.length, 4)
  })

  it('that is down is believed as it last was', async () => {
    const { answers } = foreign
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'first', alg: 'RS256', use: 'sig' }
    foreign.answers['/realm/keys'] = () => ({ body: { keys: [jwk] } })
    now += 2 * 3_600_000
    assert.equal((await ask(await theirs())).status, 200)
    foreign.answers = {}
    now += 2 * 3_600_000
    assert.equal((await ask(await theirs())).status, 200)
    now += 2 * 86_400_000
    assert.deepEqual(outcomeOf(await ask(await theirs())), [503, 50166])
    foreign.answers = answers
  })

  it('can send us nowhere: not by a redirect, not into a private network, not for another, not for long', async () => {
    const { answers } = foreign
    const home = '/realm/.well-known/openid-configuration'
    const document = (body: object) => () => ({ body: { issuer: foreign.issuer, ...body } })
    for (const [words, answer] of [
      ['redirect', () => ({ status: 302, headers: { location: `${foreign.issuer}/elsewhere` } })],
      ['another’s', () => ({ body: { issuer: 'https://other.example', jwks_uri: `${foreign.issuer}/keys` } })],
      ['no keys', document({})],
      ['plain', document({ jwks_uri: foreign.issuer.replace('https', 'http') })],
      ['file', document({ jwks_uri: 'file:///etc/passwd' })],
      ['metadata service', document({ jwks_uri: 'https://169.254.169.254/latest' })],
      ['loopback', document({ jwks_uri: 'https://127.0.0.1:1/keys' })],
      ['loopback in IPv6', document({ jwks_uri: 'https://[::1]:1/keys' })],
      ['mapped loopback', document({ jwks_uri: 'https://[::ffff:127.0.0.1]:1/keys' })],
      ['a name of loopback', document({ jwks_uri: 'https://localhost:1/keys' })],
      ['huge', () => ({ body: `"${'x'.repeat(300_000)}"` })],
      ['no JSON', () => ({ body: '<html>' })],
    ] as const) {
      const book = new IssuerBook([{ issuer: foreign.issuer, jwksFile: undefined }], fetchJson, () => now)
      foreign.answers = { ...answers, [home]: answer }
      const before = foreign.asked.length
      const find = book.keysOf(foreign.issuer)
      await assert.rejects(async () => find?.({ alg: 'RS256', kid: 'first' }, {} as never), IssuerUnreachable, words)
      assert.deepEqual(foreign.asked.slice(before), [home], words)
    }
    foreign.answers = answers
  })
})
