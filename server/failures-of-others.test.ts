import assert from 'node:assert/strict'
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { decodeJwt, SignJWT } from 'jose'
import { principalByApp } from '#core/identity/directory.ts'
import { allowSignIn, azureCliAppId } from '#core/identity/sign-in-clients.ts'
import { TokenBook } from '#core/identity/tokens.ts'
import { developerKeys } from './environment.ts'
import { graphHost, graphOf, newUser } from './planes/directory/testing/graph.ts'
import { managementHost, managerOf, storePath, vaultPath } from './planes/management/testing/manager.ts'
import { asking } from './planes/vault/testing/vault.ts'
import { type Heard, openHouse } from './testing/house.ts'

/** How other vaults and identity servers failed, each by a test that it doesn't happen here. */
const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const { subscription, tenant } = house.cardea.installation

const demo = () => `/subscriptions/${subscription}${vaultPath('demo')}`
const only = (name: string) => `@Resource[Microsoft.KeyVault/vaults/secrets:name] StringLike '${name}'`
const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Heard> =>
  house.ask(house.loginHost, 'POST', path, {
    body: new URLSearchParams(form).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })

describe('what somebody may not read', () => {
  it('isn’t shown by a list, a backup, a history or a stream instead', async () => {
    const owner = asking(house, await house.developerToken())
    await owner.set('prod-db', 'hidden')
    await owner.set('dev-db', 'open')
    await owner.set('prod-old', 'hidden')
    await owner.ask('DELETE', '/secrets/prod-old')
    const developer = await house.newcomer('developer of dev')
    await house.assign(developer.principal, builtInRoles.keyVaultSecretsOfficer, demo(), only('dev-*'))
    const token = await developer.token()
    const hers = asking(house, token)
    assert.equal((await hers.ask('GET', '/secrets/dev-db')).status, 200)
    for (const [method, path, body] of [
      ['GET', '/secrets'],
      ['GET', '/secrets/prod-db'],
      ['GET', '/secrets/PROD-DB'],
      ['GET', '//secrets//prod-db'],
      ['GET', '/secrets/%70rod-db'],
      ['GET', '/secrets/prod-db/versions'],
      ['GET', '/deletedsecrets'],
      ['GET', '/deletedsecrets/prod-old'],
      ['POST', '/secrets/prod-db/backup'],
      ['POST', '/deletedsecrets/prod-old/recover'],
      ['DELETE', '/deletedsecrets/prod-old'],
      ['PATCH', '/secrets/prod-db', { attributes: { enabled: true } }],
      ['PUT', '/secrets/prod-new', { value: 'x' }],
    ] as const) {
      const heard = await hers.ask(method, path, body)
      assert.equal(heard.status, 403, `${method} ${path}: ${heard.text}`)
      assert.doesNotMatch(heard.text, /hidden|prod-old"/)
    }
    const blob = (await owner.ask('POST', '/secrets/prod-db/backup')).json.value
    await owner.ask('DELETE', '/secrets/prod-db')
    await owner.ask('DELETE', '/deletedsecrets/prod-db')
    assert.equal((await hers.ask('POST', '/secrets/restore', { value: blob })).status, 403)
  })

  it('isn’t told from what isn’t there', async () => {
    const owner = asking(house, await house.developerToken())
    await owner.set('exists', 'x')
    const stranger = asking(house, await (await house.newcomer('enumerator')).token())
    const masked = ({ status, text, headers }: Heard, name: string) => [
      status,
      text.replaceAll(name, '*'),
      Object.keys(headers).sort(),
    ]
    for (const [method, path] of [
      ['GET', (name: string) => `/secrets/${name}`],
      ['GET', (name: string) => `/secrets/${name}/versions`],
      ['DELETE', (name: string) => `/secrets/${name}`],
      ['POST', (name: string) => `/secrets/${name}/backup`],
      ['GET', (name: string) => `/deletedsecrets/${name}`],
    ] as const) {
      const there = masked(await stranger.ask(method, path('exists')), 'exists')
      assert.deepEqual(there, masked(await stranger.ask(method, path('nothing')), 'nothing'), path('…'))
      assert.equal(there[0], 403)
    }
  })
})

describe('wildcards in identity fields', () => {
  it('are letters: nobody is called everybody', async () => {
    const manager = await managerOf(house)
    const graph = graphOf(house, () => house.developerToken(`https://${graphHost}`))
    for (const principalId of ['*', '**', '', '%', '00000000-0000-0000-0000-000000000000', '{{identity.entity.id}}']) {
      const properties = { roleDefinitionId: builtInRoles.keyVaultSecretsUser.id, principalId }
      const path = `/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
      assert.equal((await manager.ask('PUT', path, { properties })).status, 400, principalId)
    }
    for (const userPrincipalName of ['*@cardea.internal', '*', '%@cardea.internal', 'a@*'])
      assert.equal((await graph.ask('POST', '/users', newUser('x', { userPrincipalName }))).status, 400)
    const { id } = await graph.done('POST', '/applications', { displayName: '*' })
    for (const subject of ['*', 'repo:org/*', 'repo:org/app?', ''])
      for (const issuer of ['https://a.example', 'https://*.example'])
        assert.equal(
          (
            await graph.ask('POST', `/applications/${id}/federatedIdentityCredentials`, {
              ...{ name: 'any', issuer, subject: issuer.includes('*') ? 'exact' : subject, audiences: ['a'] },
            })
          ).status,
          400,
          `${issuer} ${subject}`,
        )
  })

  it('stand for nobody in access policies, and for no other name in a condition that says equals', async () => {
    const manager = await managerOf(house)
    const properties = {
      ...{ tenantId: tenant, sku: { family: 'A', name: 'standard' }, enableRbacAuthorization: false },
      accessPolicies: [{ tenantId: tenant, objectId: '*', permissions: { secrets: ['all'] } }],
    }
    const refused = await manager.ask('PUT', vaultPath('wild-vault'), { location: 'local', properties })
    assert.equal(refused.status, 400)
    assert.match(refused.text, /objectId must be a GUID/)
    const stranger = await house.newcomer('anybody')
    const equals = only('*').replace('StringLike', 'StringEquals')
    await house.assign(stranger.principal, builtInRoles.keyVaultSecretsUser, demo(), equals)
    assert.equal((await asking(house, await stranger.token()).ask('GET', '/secrets/exists')).status, 403)
  })
})

describe('ids of another tenant or subscription', () => {
  const other = randomUUID()
  it('open nothing: neither in a token that our own key signed, nor in a path, a scope or a policy', async () => {
    const { base } = house.cardea
    const developer = await principalByApp(base.database.read, base.keyring, developerKeys(house.data).appId)
    assert.ok(developer)
    const own = decodeJwt(await house.developerToken())
    const foreign = new TokenBook(base.database, base.keyring, { tenant: other, issuer: String(own.iss) })
    const token = await foreign.mint({ principal: developer, audience: String(own.aud) }, Date.now())
    assert.equal((await asking(house, token).ask('GET', '/secrets')).status, 401)

    const management = await house.developerToken(`https://${managementHost}`)
    const there = `/subscriptions/${other}${vaultPath('demo')}`
    const ask = (method: string, path: string, body?: unknown) =>
      house.ask(managementHost, method, `${path}?api-version=2024-11-01`, { token: management, body })
    assert.equal((await ask('GET', there)).status, 404)
    assert.equal((await ask('DELETE', there)).status, 404)
    const properties = { roleDefinitionId: builtInRoles.owner.id, principalId: developer.objectId }
    const role = `${there}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
    assert.equal((await ask('PUT', role, { properties })).status, 404)
    assert.equal((await asking(house, await house.developerToken()).ask('GET', '/secrets')).status, 200)
  })

  it('of another’s group don’t lead to a vault by its name', async () => {
    const manager = await managerOf(house)
    await manager.ask('PUT', '/resourceGroups/mine', { location: 'local' })
    const group = `/subscriptions/${subscription}/resourceGroups/mine`
    const mallory = await house.newcomer('owner of one group')
    await house.assign(mallory.principal, builtInRoles.owner, group)
    const token = await mallory.token(`https://${managementHost}`)
    const ask = (method: string, path: string, body?: unknown) => manager.ask(method, path, body, { token })
    const properties = { tenantId: tenant, sku: { family: 'A', name: 'standard' }, accessPolicies: [] }
    const vault = { location: 'local', properties }
    const taken = await ask('PUT', vaultPath('demo', 'mine'), vault)
    assert.equal(taken.status, 409, taken.text)
    for (const method of ['GET', 'PATCH'])
      assert.equal((await ask(method, vaultPath('demo', 'mine'), method === 'GET' ? undefined : {})).status, 404)
    assert.equal((await ask('DELETE', vaultPath('demo', 'mine'))).status, 204)
    const store = { location: 'local', sku: { name: 'Standard' }, properties: {} }
    assert.equal((await manager.ask('PUT', storePath('their-store'), store)).status, 201)
    assert.equal((await ask('PUT', storePath('their-store', 'mine'), store)).status, 409)
    assert.equal((await ask('POST', `${storePath('their-store', 'mine')}/listKeys`)).status, 404)
    const recovered = { location: 'local', properties: { ...properties, createMode: 'recover' } }
    assert.equal((await ask('PUT', vaultPath('demo', 'mine'), recovered)).status, 404)
    // Names that hold a path lead nowhere else.
    for (const group of [
      'mine%2f..%2fdemo',
      '..',
      'mine%2fproviders',
      'mine%00',
      'demo%2e',
      'mine;demo',
      '%2e%2e%2fdemo',
    ]) {
      const heard = await ask('GET', `/resourceGroups/${group}/providers/Microsoft.KeyVault/vaults/demo`)
      assert.ok([400, 403, 404].includes(heard.status), `${group}: ${heard.status}`)
    }
    assert.equal((await manager.ask('GET', vaultPath('demo'))).status, 200)
  })
})

describe('names that look alike', () => {
  it('are one name in one form: a group has plain letters, a secret and a person have no others', async () => {
    const manager = await managerOf(house)
    const graph = graphOf(house, () => house.developerToken(`https://${graphHost}`))
    const secrets = asking(house, await house.developerToken())
    // A sign for kelvin, fullwidth letters, a ligature, an accent of its own, a long s.
    for (const name of ['\u212aeys', '\uff50rod', '\ufb01n', 'e\u0301t\u00e9', 'prod\u017f']) {
      const group = await manager.ask('PUT', `/resourceGroups/${encodeURIComponent(name)}`, { location: 'local' })
      assert.equal(group.status, 400, name)
      assert.equal((await secrets.ask('PUT', `/secrets/${encodeURIComponent(name)}`, { value: 'x' })).status, 400, name)
      const userPrincipalName = `${name}@cardea.internal`
      assert.equal((await graph.ask('POST', '/users', newUser('x', { userPrincipalName }))).status, 400, name)
    }
    assert.equal((await manager.ask('PUT', '/resourceGroups/%C3%A9t%C3%A9', { location: 'local' })).status, 201)
  })
})

describe('a refusal that nobody wrote down', () => {
  it('there is none where people and applications sign in, whichever page or address refused', async () => {
    const at = `/${tenant}/oauth2`
    const asked = async (method: string, path: string, fields?: Record<string, string>, token?: string) => {
      const number = randomUUID()
      const headers = { 'x-ms-client-request-id': number, 'content-type': 'application/x-www-form-urlencoded' }
      const body = fields && new URLSearchParams(fields).toString()
      const heard = await house.ask(house.loginHost, method, path, { headers, body, token })
      const deeds = (await house.deeds()).filter(({ correlation }) => correlation === number)
      return [heard.status, deeds.map(({ operation, outcome }) => `${operation} ${outcome}`)]
    }
    const cli = azureCliAppId
    const code = 'BCDFGHJK'
    const answers = {
      'a token': await asked('POST', '/adfs/oauth2/v2.0/token', { grant_type: 'none' }),
      'a token of another tenant': await asked('POST', '/elsewhere/oauth2/v2.0/token', { grant_type: 'password' }),
      'codes for a device': await asked('POST', `${at}/v2.0/devicecode`, { client_id: 'x' }),
      'a code at the page': await asked('POST', `${at}/deviceauth`, { user_code: code }),
      'the page of a sign-in': await asked('GET', `${at}/v2.0/authorize?client_id=${cli}`),
      'a sign-in without a challenge': await asked(
        'GET',
        `${at}/v2.0/authorize?client_id=${cli}&redirect_uri=http://localhost/&response_type=code`,
      ),
      'a sign-in': await asked('POST', `${at}/v2.0/authorize`, {
        client_id: cli,
        redirect_uri: 'https://evil.example/',
      }),
      'a sign-out of another tenant': await asked('GET', '/elsewhere/oauth2/v2.0/logout'),
      'who somebody is': await asked('GET', '/oidc/userinfo', undefined, 'x'),
      'nothing that there is': await asked('GET', '/nothing'),
      'too much': await asked('POST', '/adfs/oauth2/v2.0/token', { x: 'x'.repeat(70_000) }),
    }
    assert.deepEqual(answers, {
      'a token': [400, ['TokenIssue invalid']],
      'a token of another tenant': [400, ['TokenIssue invalid']],
      'codes for a device': [400, ['DeviceCodeIssue forbidden']],
      'a code at the page': [400, ['SignIn unauthenticated']],
      'the page of a sign-in': [400, ['SignIn invalid']],
      'a sign-in without a challenge': [303, ['SignIn invalid']],
      'a sign-in': [400, ['SignIn invalid']],
      'a sign-out of another tenant': [200, []],
      'who somebody is': [401, ['UserInfo unauthenticated']],
      'nothing that there is': [404, ['Unknown not-found']],
      'too much': [413, ['Unknown too-large']],
    })
  })
})

describe('calls for maintenance', () => {
  it('are answered to nobody without a token, whatever others call them', async () => {
    const paths = [
      ...['/v1/sys/seal', '/v1/sys/rekey/init', '/v1/sys/generate-root/attempt', '/v1/sys/health', '/v1/sys/raw/core'],
      ...['/metrics', '/debug/pprof', '/actuator/env', '/.env', '/.git/config', '/admin', '/api/v1/backup', '/reset'],
      ...['/.cardea/metrics', '/.cardea/journal', '/.cardea/alerts', '/.cardea/changes', '/.cardea/references'],
      ...['/.cardea/access/explain', '/.cardea/access/conversion', '/.cardea/rotate', '/.cardea/', '/'],
    ]
    const hosts = [
      house.vaultHost,
      house.storeHost,
      house.loginHost,
      managementHost,
      graphHost,
      'localhost',
      '127.0.0.1',
    ]
    for (const host of hosts)
      for (const path of paths)
        for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
          const { status } = await house.ask(host, method, path, { ...(method !== 'GET' && { body: {} }) })
          assert.ok(status === 401 || status === 404, `${method} ${host}${path}: ${status}`)
        }
  })
})

describe('a comparison of what only one knows', () => {
  it('takes as long for a wrong beginning as for a wrong end: no digest and no signature is compared letter by letter', () => {
    const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|testing\//.test(file))
      .map((file) => [file, readFileSync(join(import.meta.dirname, file), 'utf8')] as const)
    const compares =
      /\b(?:signature|secret|password|digest|hash|hmac|mac|proof|verifier|challenge)\w*\s*[!=]==?(?!=|\s*(?:undefined|null|'|typeof))/i
    // Digests of assertions that were proved already, the journal's hashes, and names of secrets are known to who asks.
    const known = ['core/identity/assertions.ts', 'core/audit/verify.ts', 'core/journal/reading.ts']
    const found = sources
      .filter(([file]) => !known.includes(file))
      .flatMap(([file, text]) =>
        text
          .split('\n')
          .filter((line) => compares.test(line))
          .map((line) => `${file}: ${line.trim()}`),
      )
    assert.deepEqual(found, [])
  })
})

describe('script in what was sent', () => {
  const script = `"'><script>alert(1)</script><img src=x onerror=alert(1)>`
  it('is no script in a page, and the page would run none', async () => {
    const { base } = house.cardea
    const { principal } = await house.newcomer(script)
    await base.database.write((turn) =>
      allowSignIn(turn, base.keyring, principal.objectId, { open: true, redirects: ['https://app.example/'] }),
    )
    const fields = {
      ...{ client_id: principal.appId, redirect_uri: 'https://app.example/', response_type: 'code', state: script },
      ...{ code_challenge: 'a'.repeat(43), code_challenge_method: 'S256', nonce: script, login_hint: script },
      scope: 'openid',
    }
    const query = new URLSearchParams(fields)
    const at = `/${tenant}/oauth2/v2.0/authorize`
    const pages = [
      await house.ask(house.loginHost, 'GET', `${at}?${query}`),
      await house.ask(house.loginHost, 'GET', `${at}?client_id=${encodeURIComponent(script)}`),
      await house.ask(house.loginHost, 'GET', `/${encodeURIComponent(script)}/oauth2/v2.0/authorize`),
      await house.ask(
        house.loginHost,
        'GET',
        `/${tenant}/oauth2/v2.0/logout?id_token_hint=${encodeURIComponent(script)}`,
      ),
      await post(at, { ...fields, username: script, password: script, go: 'yes' }),
      await post(`/${tenant}/oauth2/deviceauth`, { user_code: script }),
    ]
    for (const { text, headers } of pages) {
      assert.match(headers['content-type'] ?? '', /^text\/html/)
      assert.doesNotMatch(text, /<script|<img|onerror=alert\(1\)>/)
      assert.match(headers['content-security-policy'] ?? '', /^default-src 'none'/)
      assert.match(headers['content-security-policy'] ?? '', /frame-ancestors 'none'/)
      assert.equal(headers['x-frame-options'], 'DENY')
      assert.equal(headers['x-content-type-options'], 'nosniff')
    }
  })

  it('is data in every error, of a type that no browser takes for a page', async () => {
    const path = `/${encodeURIComponent(script)}`
    const answers = [
      await post('/adfs/oauth2/v2.0/token', { grant_type: script, client_id: script }),
      await post(`/${tenant}/oauth2/v2.0/devicecode`, { client_id: script }),
      await house.ask(house.loginHost, 'GET', path),
      await house.ask(house.loginHost, 'GET', '/oidc/userinfo', { token: script }),
      await house.ask(house.vaultHost, 'GET', `/secrets${path}?api-version=7.4`, {
        token: await house.developerToken(),
      }),
      await house.ask('elsewhere.example', 'GET', path),
      await house.ask(managementHost, 'GET', path, { token: await house.developerToken(`https://${managementHost}`) }),
    ]
    for (const { status, headers } of answers) {
      assert.ok(status >= 400)
      assert.match(headers['content-type'] ?? '', /^application\/json/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
    }
  })

  it('doesn’t send a browser elsewhere: an address that isn’t registered is followed by nobody', async () => {
    for (const redirect of [
      'https://evil.example/',
      'javascript:alert(1)',
      'https://app.example/../evil',
      '//evil.example',
    ]) {
      const query = new URLSearchParams({ client_id: azureCliAppId, redirect_uri: redirect, response_type: 'code' })
      const heard = await house.ask(house.loginHost, 'GET', `/${tenant}/oauth2/v2.0/authorize?${query}`)
      assert.equal(heard.status, 400, redirect)
      assert.equal(heard.headers.location, undefined)
    }
  })
})

describe('a forged token', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  it('is refused, whatever its header says of its key and its algorithm', async () => {
    const good = await house.developerToken()
    const [head = '', body = '', signature = ''] = good.split('.')
    const claims = decodeJwt(good)
    const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }
    const { keys } = (await house.ask(house.loginHost, 'GET', `/${tenant}/discovery/v2.0/keys`)).json
    const ourKey = createPublicKey({ key: keys[0], format: 'jwk' })
    const hmacOf = (key: string | Buffer, header: object) => {
      const text = `${encoded(header)}.${body}`
      return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
    }
    const jwk = publicKey.export({ format: 'jwk' })
    const signed = (header: object) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', ...header }).sign(privateKey)
    const elsewhere = 'https://evil.example/keys'
    const forged: Record<string, string> = {
      'no algorithm': `${encoded({ alg: 'none', typ: 'JWT', kid })}.${body}.`,
      'no algorithm, in another case': `${encoded({ alg: 'nOnE', kid })}.${body}.${signature}`,
      'no signature': `${head}.${body}.`,
      'no parts': `${head}.${body}`,
      'a shared secret that is our public key, as PEM': hmacOf(ourKey.export({ type: 'spki', format: 'pem' }), {
        alg: 'HS256',
        kid,
      }),
      'a shared secret that is our public key, as DER': hmacOf(ourKey.export({ type: 'spki', format: 'der' }), {
        alg: 'HS256',
        kid,
      }),
      'a key of its own under our id': await signed({ kid }),
      'a key that it brings along': await signed({ kid: 'mine', jwk }),
      'a key from elsewhere': await signed({ kid: 'mine', jku: elsewhere, x5u: elsewhere }),
      'a key from a file': await signed({ kid: '../../../../dev/null' }),
      'a key from a query': await signed({ kid: "' union select 'AA==' --" }),
      'another payload': `${head}.${encoded({ ...claims, oid: randomUUID() })}.${signature}`,
      'a byte more': `${good}A`,
      'something before': `x${good}`,
    }
    for (const [what, token] of Object.entries(forged)) {
      const heard = await asking(house, token).ask('GET', '/secrets')
      assert.equal(heard.status, 401, what)
      assert.doesNotMatch(heard.text, new RegExp(body.slice(0, 40)))
    }
    assert.equal((await asking(house, good).ask('GET', '/secrets')).status, 200)
    assert.equal((await house.ask(graphHost, 'GET', '/v1.0/users', { token: good })).status, 401, 'another audience')
  })
})

describe('a request with two meanings', () => {
  // More of them, over bare connections, lie beside the listener: planes/http/odd-requests.test.ts.
  it('is about its host alone: another’s in a header of a proxy counts for nothing', async () => {
    const token = await house.developerToken()
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-original-url': '/deletedsecrets',
      'x-http-method-override': 'DELETE',
    }
    const heard = await house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token, headers })
    assert.equal(heard.status, 200)
    assert.doesNotMatch(JSON.stringify(heard), /evil\.example/)
  })
})

describe('whether somebody exists', () => {
  it('can’t be learned from how the sign-in answers, nor from when it begins to refuse', async () => {
    const graph = graphOf(house, () => house.developerToken(`https://${graphHost}`))
    const { userPrincipalName } = await graph.done('POST', '/users', newUser('known'))
    const tries = async (username: string): Promise<unknown[]> => {
      const said = []
      for (let attempt = 0; attempt < 12; attempt += 1) {
        const form = { grant_type: 'password', client_id: azureCliAppId, username, password: 'wrong', scope: 'openid' }
        const { status, json } = await post('/adfs/oauth2/v2.0/token', form)
        said.push([status, json.error, json.error_codes])
      }
      return said
    }
    assert.deepEqual(await tries(userPrincipalName), await tries(`${randomUUID()}@cardea.internal`))
    // Spelled otherwise it is the same name, and no new beginning.
    for (const spelled of [userPrincipalName, userPrincipalName.toUpperCase()]) {
      const form = { grant_type: 'password', client_id: azureCliAppId, password: 'wrong', scope: 'openid' }
      assert.equal((await post('/adfs/oauth2/v2.0/token', { ...form, username: spelled })).status, 429)
    }
  })

  it('or what an object’s id is, is nobody’s to choose: one that went doesn’t come back as another', async () => {
    const graph = graphOf(house, () => house.developerToken(`https://${graphHost}`))
    const { id, appId } = await graph.done('POST', '/applications', { displayName: 'gone' })
    await graph.ask('DELETE', `/applications/${id}`)
    const again = await graph.done('POST', '/applications', { displayName: 'gone', id, appId })
    assert.notEqual(again.id, id)
    assert.notEqual(again.appId, appId)
    assert.equal((await graph.ask('POST', '/servicePrincipals', { appId, id })).status, 400)
  })
})

describe('a lock', () => {
  it('that is ReadOnly keeps a vault’s access policies from being turned into roles', async () => {
    const manager = await managerOf(house)
    const path = vaultPath('lock-vault')
    const properties = { tenantId: tenant, sku: { family: 'A', name: 'standard' }, enableRbacAuthorization: false }
    const vault = { location: 'local', properties: { ...properties, accessPolicies: [] } }
    assert.equal((await manager.ask('PUT', path, vault)).status, 201)
    const lock = `${path}/providers/Microsoft.Authorization/locks/frozen`
    assert.equal((await manager.ask('PUT', lock, { properties: { level: 'ReadOnly' } })).status, 201)
    const convert = () =>
      house.ask(managementHost, 'POST', `/.cardea/access/conversion?resource=/subscriptions/${subscription}${path}`, {
        token: manager.token,
      })
    assert.equal((await convert()).json.error.code, 'ScopeLocked')
    await manager.ask('DELETE', lock)
    assert.equal((await convert()).status, 200)
  })
})
