import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, randomUUID, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { SignJWT } from 'jose'
import { refuseUnproven } from '#core/directory/possession.ts'
import { type Heard, type House, openHouse } from '../../testing/house.ts'
import { encoded, type Graph, graphHost, graphOf, pointerTo } from './testing/graph.ts'

const clock = () => now
let now = Date.now()
let house: House
let graph: Graph
before(async () => {
  house = await openHouse({ clock })
  graph = graphOf(house, () => house.developerToken(`https://${graphHost}`))
})
after(() => house?.[Symbol.asyncDispose]())

const newApplication = (displayName: string, rest: object = {}) =>
  graph.done('POST', '/applications', { displayName, ...rest })
const signIn = (
  appId: string,
  proof: Record<string, string>,
  audience = 'https://vault.cardea.internal',
): Promise<Heard> =>
  house.ask(house.loginHost, 'POST', '/adfs/oauth2/v2.0/token', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: appId,
      scope: `${audience}/.default`,
      ...proof,
    }).toString(),
  })
const certificate = (name: string) => {
  const [key, pem] = [join(house.data, `${name}.key`), join(house.data, `${name}.pem`)]
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', pem, '-days', '30']
  execFileSync('openssl', [...made, '-subj', `/CN=${name}`], { stdio: 'ignore' })
  const text = readFileSync(pem, 'utf8')
  // As az sends it: what stands between the lines of the PEM, line breaks and all.
  const key64 = text.replace(/-----[A-Z ]+-----/g, '').trim()
  return { key, key64, thumbprint: createHash('sha256').update(new X509Certificate(text).raw).digest('base64url') }
}
const assertion = async (appId: string, { key, thumbprint }: { key: string; thumbprint: string }) => ({
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion: await new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg: 'PS256', 'x5t#S256': thumbprint })
    .setIssuer(appId)
    .setSubject(appId)
    .setAudience('https://login.cardea.internal/adfs/oauth2/v2.0/token')
    .setIssuedAt(now / 1000)
    .setNotBefore(now / 1000)
    .setExpirationTime(now / 1000 + 300)
    .sign(createPrivateKey(readFileSync(key))),
})

describe('an application', () => {
  it('is registered under ids of its own, found again by each of its names, and gone when it is deleted', async () => {
    const uri = `api://${randomUUID()}`
    const made = await newApplication('web shop', {
      identifierUris: [uri],
      signInAudience: 'AzureADMyOrg',
      tags: ['x'],
    })
    assert.match(made.id, /^[0-9a-f-]{36}$/)
    assert.notEqual(made.id, made.appId)
    const paths = [
      `/applications/${made.id}`,
      `/applications(appId='${made.appId}')`,
      `/applications(appId=%27${made.appId.toUpperCase()}%27)`,
      `/applications('${made.id}')`,
      `/directoryObjects/${made.id}`,
    ]
    for (const path of paths) assert.equal((await graph.done('GET', path)).appId, made.appId, path)
    const filters = [
      `appId eq '${made.appId}'`,
      "displayName eq 'web shop'",
      "startswith(displayName,'WEB')",
      `identifierUris/any(s:s eq '${uri}')`,
    ]
    for (const filter of filters) {
      const { value } = await graph.done('GET', `/applications?$filter=${encoded(filter)}`)
      assert.deepEqual(
        value.map(({ id }: { id: string }) => id),
        [made.id],
        filter,
      )
    }
    const only = await graph.done('GET', `/applications/${made.id}?$select=id,appId`)
    assert.deepEqual(only, { id: made.id, appId: made.appId })
    assert.equal((await graph.ask('DELETE', `/applications/${made.id}`)).status, 204)
    const gone = await graph.ask('GET', `/applications/${made.id}`)
    assert.equal(gone.status, 404)
    assert.equal(gone.json.error.code, 'Request_ResourceNotFound')
    assert.ok(gone.json.error.message.includes(made.id))
  })

  it('keeps what it was told, changes what it is told anew, and forgets what is null', async () => {
    const made = await newApplication('told', { web: { redirectUris: ['https://x.example.org'] }, notes: 'first' })
    assert.equal(
      (await graph.ask('PATCH', `/applications/${made.id}`, { displayName: 'told anew', notes: null })).status,
      204,
    )
    const after = await graph.done('GET', `/applications/${made.id}`)
    assert.deepEqual(
      [after.displayName, after.notes, after.web],
      ['told anew', null, { redirectUris: ['https://x.example.org'] }],
    )
  })

  it('is listed a page at a time, each once', async () => {
    const names = Array.from({ length: 7 }, (_, index) => `page ${index}`)
    for (const name of names) await newApplication(name)
    const filter = encoded("startswith(displayName,'page ')")
    let target: string | undefined = `/applications?$filter=${filter}&$top=3&$select=displayName,id`
    const seen: string[] = []
    const sizes: number[] = []
    while (target !== undefined) {
      const page: { value: { displayName: string }[]; '@odata.nextLink'?: string } = await graph.done('GET', target)
      seen.push(...page.value.map(({ displayName }) => displayName))
      sizes.push(page.value.length)
      target = page['@odata.nextLink']?.replace(/^https:\/\/[^/]+\/v1\.0/, '')
    }
    assert.deepEqual(sizes, [3, 3, 1])
    assert.deepEqual(seen.toSorted(), names)
  })

  it('has no identifier URI that another has, also not when two ask at the same moment', async () => {
    const uri = `api://${randomUUID()}`
    const both = await Promise.all(
      ['one', 'two'].map((displayName) => graph.ask('POST', '/applications', { displayName, identifierUris: [uri] })),
    )
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [201, 409])
  })

  it('has a name that is what it seems: no control characters, no marks of direction, at most 256 characters', async () => {
    for (const displayName of ['Grüße 🗝️', '東京', "O'Brien", 'x'.repeat(256), '<script>alert(1)</script>']) {
      assert.equal((await newApplication(displayName)).displayName, displayName)
    }
    const wrong = ['', '   ', 'x'.repeat(257), 'a\nb', 'a\u0000b', 'a\u202eb', 'a\ud800b', 7, null, ['x'], { x: 1 }]
    for (const displayName of wrong) {
      const heard = await graph.ask('POST', '/applications', { displayName })
      assert.equal(heard.status, 400, JSON.stringify(displayName))
      assert.equal(heard.json.error.code, 'Request_BadRequest')
    }
    for (const body of [
      {},
      [],
      'text',
      { displayName: 'x', identifierUris: ['not a uri'] },
      { displayName: 'x', web: 7 },
    ]) {
      assert.equal((await graph.ask('POST', '/applications', body)).status, 400, JSON.stringify(body))
    }
  })

  it('can’t be asked for with options that are not served, or in words that mean nothing', async () => {
    for (const query of [
      `$filter=${encoded("secret eq 'x'")}`,
      `$filter=${encoded("displayName eq 'x")}`,
      '$orderby=displayName',
      '$search=x',
      '$top=0',
      '$top=1000',
      '$skiptoken=x',
    ]) {
      assert.equal((await graph.ask('GET', `/applications?${query}`)).status, 400, query)
    }
    assert.equal((await graph.ask('GET', '/applications/not-an-id')).status, 400)
    assert.equal((await graph.ask('GET', `/applications/${randomUUID()}`)).status, 404)
  })

  it('has owners, whom to ask, and who may do no more for it', async () => {
    const made = await newApplication('owned')
    const owner = await house.newcomer('owner')
    const at = `/applications/${made.id}/owners`
    assert.equal((await graph.ask('POST', `${at}/$ref`, pointerTo(owner.principal.objectId))).status, 204)
    assert.equal((await graph.ask('POST', `${at}/$ref`, pointerTo(owner.principal.objectId))).status, 400)
    assert.equal((await graph.ask('POST', `${at}/$ref`, pointerTo(randomUUID()))).status, 404)
    assert.equal((await graph.ask('POST', `${at}/$ref`, { '@odata.id': 'elsewhere' })).status, 400)
    const { value } = await graph.done('GET', at)
    assert.deepEqual(
      value.map((one: Record<string, string>) => [one.id, one['@odata.type']]),
      [[owner.principal.objectId, '#microsoft.graph.servicePrincipal']],
    )
    const theirs = graphOf(house, () => owner.token(`https://${graphHost}`))
    assert.equal((await theirs.ask('POST', `/applications/${made.id}/addPassword`, {})).status, 403)
    assert.equal((await graph.ask('DELETE', `${at}/${owner.principal.objectId}/$ref`)).status, 204)
    assert.equal((await graph.ask('DELETE', `${at}/${owner.principal.objectId}/$ref`)).status, 404)
  })
})

describe('a password of an application', () => {
  it('is shown once, proves its service principal, and holds for two years unless told otherwise', async () => {
    const app = await newApplication('with a password')
    await graph.done('POST', '/servicePrincipals', { appId: app.appId })
    const given = await graph.done('POST', `/applications/${app.id}/addPassword`, {
      passwordCredential: { displayName: 'rbac' },
    })
    assert.ok(given.secretText.length >= 32)
    assert.equal(given.displayName, 'rbac')
    const years = (Date.parse(given.endDateTime) - now) / (365 * 86_400_000)
    assert.ok(Math.abs(years - 2) < 0.01)
    assert.equal((await signIn(app.appId, { client_secret: given.secretText })).status, 200)
    const shown = await house.ask(graphHost, 'GET', `/v1.0/applications/${app.id}`, {
      token: await house.developerToken(`https://${graphHost}`),
    })
    assert.equal(shown.text.includes(given.secretText), false)
    const [kept] = shown.json.passwordCredentials
    assert.deepEqual([kept.keyId, kept.secretText, kept.hint], [given.keyId, null, null])
  })

  it('begins and ends when it was said to', async () => {
    const app = await newApplication('with a term')
    await graph.done('POST', '/servicePrincipals', { appId: app.appId })
    const at = (ms: number) => new Date(now + ms).toISOString()
    const given = await graph.done('POST', `/applications/${app.id}/addPassword`, {
      passwordCredential: { startDateTime: at(60_000), endDateTime: at(120_000) },
    })
    const attempt = async () => (await signIn(app.appId, { client_secret: given.secretText })).status
    assert.equal(await attempt(), 401)
    now += 90_000
    assert.equal(await attempt(), 200)
    now += 60_000
    assert.equal(await attempt(), 401)
    for (const passwordCredential of [
      { endDateTime: at(-1000) },
      { startDateTime: at(5000), endDateTime: at(1000) },
      { endDateTime: 'tomorrow' },
      { endDateTime: '2030-02-31T99:00:00Z' },
      { displayName: 'a\nb' },
    ]) {
      const heard = await graph.ask('POST', `/applications/${app.id}/addPassword`, { passwordCredential })
      assert.equal(heard.status, 400, JSON.stringify(passwordCredential))
    }
  })

  it('proves nothing from the very request after its removal, and neither do tokens made on its word', async () => {
    const app = await newApplication('to be revoked')
    const principal = await graph.done('POST', '/servicePrincipals', { appId: app.appId })
    await house.assign({ ...app, objectId: principal.id }, builtInRoles.keyVaultSecretsUser, '/')
    const [one, other] = [
      await graph.done('POST', `/applications/${app.id}/addPassword`, {}),
      await graph.done('POST', `/servicePrincipals/${principal.id}/addPassword`, {}),
    ]
    const token = (await signIn(app.appId, { client_secret: one.secretText })).json.access_token
    const list = () => house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })
    assert.equal((await list()).status, 200)
    assert.equal(
      (await graph.ask('POST', `/applications/${app.id}/removePassword`, { keyId: other.keyId })).status,
      400,
    )
    assert.equal((await graph.ask('POST', `/applications/${app.id}/removePassword`, { keyId: one.keyId })).status, 204)
    assert.equal((await list()).status, 401)
    assert.equal((await signIn(app.appId, { client_secret: one.secretText })).status, 401)
    assert.equal((await signIn(app.appId, { client_secret: other.secretText })).status, 200)
    assert.equal((await graph.ask('POST', `/applications/${app.id}/removePassword`, { keyId: one.keyId })).status, 400)
  })

  it('is added by nobody without the right: not by another application, not by the application itself', async () => {
    const app = await newApplication('coveted')
    const principal = await graph.done('POST', '/servicePrincipals', { appId: app.appId })
    const { secretText } = await graph.done('POST', `/applications/${app.id}/addPassword`, {})
    const stranger = await house.newcomer('covetous')
    const itself = graphOf(
      house,
      async () => (await signIn(app.appId, { client_secret: secretText }, `https://${graphHost}`)).json.access_token,
    )
    for (const asker of [graphOf(house, () => stranger.token(`https://${graphHost}`)), itself]) {
      for (const path of [`/applications/${app.id}`, `/servicePrincipals/${principal.id}`]) {
        assert.equal((await asker.ask('POST', `${path}/addPassword`, {})).status, 403)
      }
      const federated = { name: 'mine', issuer: 'https://x.example.org', subject: 'x', audiences: ['x'] }
      assert.equal(
        (await asker.ask('POST', `/applications/${app.id}/federatedIdentityCredentials`, federated)).status,
        403,
      )
    }
  })
})

describe('a certificate of an application', () => {
  it('is given as base64 with line breaks, proves it, and ends when it is left out', async () => {
    const [first, second] = [certificate('first'), certificate('second')]
    now = Date.now() + 1000
    const key = (key64: string) => ({ type: 'AsymmetricX509Cert', usage: 'Verify', key: key64 })
    const app = await newApplication('with certificates', { keyCredentials: [key(first.key64)] })
    await graph.done('POST', '/servicePrincipals', { appId: app.appId })
    const attempt = async (held: typeof first) => (await signIn(app.appId, await assertion(app.appId, held))).status
    assert.equal(await attempt(first), 200)
    assert.equal(await attempt(second), 401)
    const [{ keyId }] = app.keyCredentials
    const patch = (keyCredentials: unknown) => graph.ask('PATCH', `/applications/${app.id}`, { keyCredentials })
    assert.equal((await patch([{ keyId, key: null }, key(second.key64)])).status, 204)
    assert.deepEqual([await attempt(first), await attempt(second)], [200, 200])
    assert.equal((await patch([key(second.key64)])).status, 204)
    assert.deepEqual([await attempt(first), await attempt(second)], [401, 200])
    for (const wrong of [[key('not base64!')], [key('AAAA')], [{ keyId: randomUUID() }], [{ key: null }], 'x']) {
      assert.equal((await patch(wrong)).status, 400, JSON.stringify(wrong))
    }
    assert.equal(await attempt(second), 200)
  })
})

describe('the keys of an application', () => {
  const graphApp = '00000003-0000-0000-c000-000000000000'
  type Held = ReturnType<typeof certificate>
  type Wrong = { iss?: string; aud?: string; life?: number; shift?: number; alg?: string; named?: boolean }
  const proofBy = (
    { key, thumbprint }: Held,
    holder: string,
    { iss = holder, aud = graphApp, life = 600, shift = 0, alg = 'RS256', named = true }: Wrong = {},
  ) =>
    new SignJWT()
      .setProtectedHeader({ alg, ...(named && { 'x5t#S256': thumbprint }) })
      .setIssuer(iss)
      .setAudience(aud)
      .setNotBefore(now / 1000 + shift)
      .setExpirationTime(now / 1000 + shift + life)
      .sign(createPrivateKey(readFileSync(key)))
  const keyCredential = ({ key64 }: Held) => ({ type: 'AsymmetricX509Cert', usage: 'Verify', key: key64 })
  /** An application with a first certificate, a principal, and nobody’s permission. */
  const rolling = async (name: string) => {
    const first = certificate(`${name}-first`)
    now = Date.now() + 1000
    const app = await newApplication(name, { keyCredentials: [keyCredential(first)] })
    const principal = await graph.done('POST', '/servicePrincipals', { appId: app.appId })
    const enters = async (held: Held) => (await signIn(app.appId, await assertion(app.appId, held))).status
    const token = async (held: Held) =>
      (await signIn(app.appId, await assertion(app.appId, held), `https://${graphHost}`)).json.access_token as string
    const own = graphOf(house, () => token(first))
    return { first, app, principal, enters, own, as: (held: Held) => graphOf(house, () => token(held)) }
  }

  it('are renewed by itself with proof that it has one, without anybody’s permission, and the old one ends', async () => {
    const { first, app, enters, own, as } = await rolling('rolls')
    const second = certificate('rolls-second')
    now = Date.now() + 1000
    assert.equal(await enters(second), 401)
    const at = `/applications/${app.id}`
    const body = { keyCredential: keyCredential(second), passwordCredential: null, proof: await proofBy(first, app.id) }
    const added = await own.done('POST', `${at}/addKey`, body)
    assert.match(added.keyId, /^[0-9a-f-]{36}$/)
    assert.deepEqual([added.type, added.usage, added.key], ['AsymmetricX509Cert', 'Verify', null])
    assert.deepEqual([await enters(first), await enters(second)], [200, 200])
    const proof = await proofBy(second, app.id, { alg: 'PS256', named: false })
    const [{ keyId }] = app.keyCredentials
    assert.equal((await as(second).ask('POST', `${at}/removeKey`, { keyId, proof })).status, 204)
    assert.deepEqual([await enters(first), await enters(second)], [401, 200])
    assert.equal((await as(second).ask('POST', `${at}/removeKey`, { keyId, proof })).status, 400)
  })

  it('are renewed on its service principal, too, also by the proof of its registration’s key', async () => {
    const { first, principal, enters, own } = await rolling('rolls-below')
    const second = certificate('rolls-below-second')
    now = Date.now() + 1000
    const at = `/servicePrincipals/${principal.id}`
    const proof = await proofBy(first, principal.id, { aud: '00000002-0000-0000-c000-000000000000' })
    const { keyId } = await own.done('POST', `${at}/addKey`, { keyCredential: keyCredential(second), proof })
    assert.equal(await enters(second), 200)
    assert.equal((await own.ask('POST', `${at}/removeKey`, { keyId, proof })).status, 204)
    assert.equal(await enters(second), 401)
  })

  it('stay as they are without such a proof: none, another’s, an old one, a long one, one for somewhere else', async () => {
    const { first, app, principal, enters, own } = await rolling('guarded')
    const [thiefs, second] = [certificate('thief'), certificate('guarded-second')]
    const other = await newApplication('other', { keyCredentials: [keyCredential(thiefs)] })
    now = Date.now() + 1000
    const unsigned = (await proofBy(first, app.id)).replace(/[^.]+$/, 'AAAA')
    const wrong = {
      'none of its keys': await proofBy(thiefs, app.id),
      'none of its keys, named as one': await proofBy({ ...thiefs, thumbprint: first.thumbprint }, app.id),
      'no signature that fits': unsigned,
      'another’s name': await proofBy(first, other.id),
      'its client id instead of its object id': await proofBy(first, app.appId),
      'the service principal’s name': await proofBy(first, principal.id),
      'another place': await proofBy(first, app.id, { aud: 'https://vault.cardea.internal' }),
      'a long life': await proofBy(first, app.id, { life: 3600 }),
      'a time that is over': await proofBy(first, app.id, { shift: -1200 }),
      'a time that is yet to come': await proofBy(first, app.id, { shift: 1200 }),
      'a client assertion': (await assertion(app.appId, first)).client_assertion,
      'no algorithm': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${unsigned.split('.')[1]}.AAAA`,
    }
    const at = `/applications/${app.id}`
    const [{ keyId }] = app.keyCredentials
    for (const [words, proof] of Object.entries(wrong)) {
      const added = await own.ask('POST', `${at}/addKey`, { keyCredential: keyCredential(second), proof })
      assert.equal(added.status, 400, words)
      assert.equal((await own.ask('POST', `${at}/removeKey`, { keyId, proof })).status, 400, words)
    }
    const proof = await proofBy(first, app.id)
    for (const body of [
      { keyCredential: keyCredential(second) },
      { keyCredential: { ...keyCredential(second), type: 'X509CertAndPassword', usage: 'Sign' }, proof },
      { keyCredential: keyCredential(second), passwordCredential: { secretText: 'x' }, proof },
      { keyCredential: { key: 'AAAA' }, proof },
      { keyCredential: { ...keyCredential(second), endDateTime: '2001-01-01T00:00:00Z' }, proof },
      { proof },
    ]) {
      assert.equal((await own.ask('POST', `${at}/addKey`, body)).status, 400, JSON.stringify(body).slice(0, 120))
    }
    assert.equal(await enters(second), 401)
    assert.equal(await enters(first), 200)
  })

  it('are renewed with a proof from where it was first used, and from nowhere else', async () => {
    const { first, app } = await rolling('far')
    now = Date.now() + 1000
    const token = await proofBy(first, app.id)
    const { database, keyring } = house.cardea.base
    const from = (address: string) =>
      database.write((turn) => refuseUnproven({ turn, keyring }, { holder: app.id, token, address }))
    await from('192.0.2.1')
    await assert.rejects(from('198.51.100.7'), /proof must be a JWT/)
    await from('192.0.2.1')
  })

  it('are nobody else’s to renew, who has the proof but no permission; and an administrator needs the proof as well', async () => {
    const { first, app } = await rolling('coveted')
    const second = certificate('coveted-second')
    const eve = await house.newcomer('eve of keys')
    const asEve = graphOf(house, () => eve.token(`https://${graphHost}`))
    now = Date.now() + 1000
    const path = `/applications/${app.id}/addKey`
    const body = { keyCredential: keyCredential(second), proof: await proofBy(first, app.id) }
    assert.equal((await asEve.ask('POST', path, body)).status, 403)
    assert.equal((await graph.ask('POST', path, { ...body, proof: await proofBy(second, app.id) })).status, 400)
    assert.equal((await graph.ask('POST', path, body)).status, 200)
  })

  it('of a managed identity are none', async () => {
    const { value } = await graph.done('GET', `/servicePrincipals?$filter=${encoded("displayName eq 'this machine'")}`)
    const at = `/servicePrincipals/${value[0].id}`
    assert.equal((await graph.ask('POST', `${at}/removeKey`, { keyId: randomUUID(), proof: 'a.b.c' })).status, 400)
  })
})

describe('a foreign identity of an application', () => {
  it('is kept, found by name and id, changed and removed', async () => {
    const app = await newApplication('federated')
    const at = `/applications/${app.id}/federatedIdentityCredentials`
    const draft = {
      name: 'deploys',
      issuer: 'https://tokens.example.org',
      subject: 'repo:house/door:ref:refs/heads/main',
      audiences: ['api://AzureADTokenExchange'],
    }
    const made = await graph.done('POST', at, draft)
    assert.deepEqual(
      { ...made, id: undefined, description: undefined },
      { ...draft, id: undefined, description: undefined },
    )
    assert.equal((await graph.ask('POST', at, draft)).status, 409)
    for (const path of [`${at}/deploys`, `${at}/${made.id}`]) assert.equal((await graph.done('GET', path)).id, made.id)
    assert.equal((await graph.ask('PATCH', `${at}/${made.id}`, { subject: 'repo:house/door:*' })).status, 400)
    assert.equal((await graph.ask('PATCH', `${at}/deploys`, { subject: 'repo:house/door:pull_request' })).status, 204)
    const { value } = await graph.done('GET', at)
    assert.deepEqual(
      value.map((one: { id: string; subject: string }) => [one.id, one.subject]),
      [[made.id, 'repo:house/door:pull_request']],
    )
    assert.equal((await graph.ask('DELETE', `${at}/${made.id}`)).status, 204)
    assert.equal((await graph.ask('GET', `${at}/${made.id}`)).status, 404)
  })
})

describe('a service principal', () => {
  it('acts for one application, once, and has its names', async () => {
    const uri = `api://${randomUUID()}`
    const app = await newApplication('with a principal', { identifierUris: [uri] })
    const both = await Promise.all([1, 2].map(() => graph.ask('POST', '/servicePrincipals', { appId: app.appId })))
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [201, 409])
    const filters = [
      `servicePrincipalNames/any(c:c eq '${app.appId}')`,
      `servicePrincipalNames/any(c:c eq '${uri}')`,
      "displayName eq 'with a principal'",
      `appId in ('${app.appId}')`,
    ]
    for (const filter of filters) {
      const { value } = await graph.done('GET', `/servicePrincipals?$filter=${encoded(filter)}`)
      assert.equal(value.length, 1, filter)
      assert.deepEqual(value[0].servicePrincipalNames, [app.appId, uri])
    }
    assert.equal(
      (await graph.done('GET', `/servicePrincipals(appId='${app.appId}')`)).servicePrincipalType,
      'Application',
    )
    assert.equal((await graph.ask('POST', '/servicePrincipals', { appId: randomUUID() })).status, 400)
  })

  it('that is switched off does nothing from the very next request, and is as before when it is switched on', async () => {
    const app = await house.newcomer('switched')
    await house.assign(app.principal, builtInRoles.keyVaultSecretsUser, '/')
    const token = await app.token()
    const list = async () => (await house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })).status
    const path = `/servicePrincipals/${app.principal.objectId}`
    assert.equal(await list(), 200)
    await graph.done('PATCH', path, { accountEnabled: false })
    assert.equal(await list(), 403)
    await assert.rejects(app.token())
    await graph.done('PATCH', path, { accountEnabled: true })
    assert.equal(await list(), 200)
  })

  it('leaves nothing behind when its application is deleted: no role, no membership, no token', async () => {
    const app = await newApplication('deleted whole')
    const principal = await graph.done('POST', '/servicePrincipals', { appId: app.appId })
    const { secretText } = await graph.done('POST', `/applications/${app.id}/addPassword`, {})
    await house.assign({ ...app, objectId: principal.id }, builtInRoles.keyVaultSecretsUser, '/')
    const group = await graph.done('POST', '/groups', { displayName: 'left behind' })
    await graph.done('POST', `/groups/${group.id}/members/$ref`, pointerTo(principal.id))
    const token = (await signIn(app.appId, { client_secret: secretText })).json.access_token
    assert.equal((await graph.ask('DELETE', `/applications/${app.id}`)).status, 204)
    assert.equal((await house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })).status, 403)
    assert.equal((await signIn(app.appId, { client_secret: secretText })).json.error_codes[0], 700016)
    assert.equal((await graph.ask('GET', `/servicePrincipals/${principal.id}`)).status, 404)
    for (const [table, column] of [
      ['role_assignment', 'principal'],
      ['membership', 'member'],
      ['credential', 'principal'],
    ] as const) {
      const { rows } = await house.cardea.base.database.read.run(
        `select * from ${table} where ${column} = '${principal.id}' or ${column} = '${app.id}'`,
        [],
      )
      assert.deepEqual(rows, [], table)
    }
  })

  it('of a managed identity has no password and goes only with its resource', async () => {
    const { value } = await graph.done(
      'GET',
      `/servicePrincipals?$filter=${encoded("servicePrincipalType eq 'ManagedIdentity'")}`,
    )
    assert.ok(value.length >= 3)
    const [{ id }] = value
    assert.equal((await graph.ask('POST', `/servicePrincipals/${id}/addPassword`, {})).status, 400)
    assert.equal((await graph.ask('DELETE', `/servicePrincipals/${id}`)).status, 400)
  })
})
