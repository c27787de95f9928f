import assert from 'node:assert/strict'
import { createPrivateKey, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { SignJWT } from 'jose'
import { refuseUnproven } from '#core/directory/possession.ts'
import { assertionBy, certificateFor } from '../../testing/certificates.ts'
import { openHouse } from '../../testing/house.ts'
import { encoded, graphHost, graphOf, signInBy } from './testing/graph.ts'

const clock = () => now
let now = Date.now()
const house = await openHouse({ clock })
after(() => house[Symbol.asyncDispose]())
const graph = graphOf(house, () => house.developerToken(`https://${graphHost}`))

const newApplication = (displayName: string, rest: object = {}) =>
  graph.done('POST', '/applications', { displayName, ...rest })
const signIn = (appId: string, proof: Record<string, string>, audience?: string) =>
  signInBy(house, appId, proof, audience)
const certificate = (name: string) => {
  const held = certificateFor(house.data, name)
  // As az sends it: what stands between the lines of the PEM, line breaks and all.
  return { ...held, key64: held.text.replace(/-----[A-Z ]+-----/g, '').trim() }
}
type Held = ReturnType<typeof certificate>
const assertion = (appId: string, held: Held) => assertionBy(held, appId, now)

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
