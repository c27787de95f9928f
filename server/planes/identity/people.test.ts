import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { isPassword } from '#base/password-hash.ts'
import { choosePassword, setUserPassword } from '#core/identity/people.ts'
import { revokeSessions } from '#core/identity/sessions.ts'
import { allowSignIn, azureCliAppId } from '#core/identity/sign-in-clients.ts'
import { enablePrincipal } from '#core/identity/testing/enable-principal.ts'
import { openHouse } from '../../testing/house.ts'
import { graphOf, newUser } from '../directory/testing/graph.ts'
import { chosen, codeOf, peopleOf, vaultScope } from './testing/people.ts'

let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())

const { byPassword, get, person, post, refresh, secrets } = peopleOf(() => house)

describe('a person’s password', () => {
  it('gives what az expects: tokens that say who it is, and what MSAL keeps its accounts by', async () => {
    const { upn, objectId } = await person('ada')
    const { status, json } = await post(byPassword(upn.toUpperCase(), { client_info: '1' }))
    assert.equal(status, 200)
    const { tenant } = house.cardea.installation
    const claims = decodeJwt(json.access_token)
    assert.deepEqual(
      [claims.oid, claims.tid, claims.appid, claims.azp, claims.scp, claims.idtyp, claims.upn, claims.name, claims.aud],
      [
        objectId,
        tenant,
        azureCliAppId,
        azureCliAppId,
        'user_impersonation',
        'user',
        upn,
        'ada',
        'https://vault.cardea.internal',
      ],
    )
    const keys = (await get(`/${tenant}/discovery/v2.0/keys`)).json
    const { payload } = await jwtVerify(json.id_token, createLocalJWKSet(keys), {
      audience: azureCliAppId,
      issuer: `https://login.cardea.internal/${tenant}/v2.0`,
      currentDate: new Date(now),
    })
    assert.deepEqual([payload.oid, payload.tid, payload.preferred_username], [objectId, tenant, upn])
    assert.deepEqual(JSON.parse(Buffer.from(json.client_info, 'base64url').toString()), { uid: objectId, utid: tenant })
    assert.equal(json.scope, 'https://vault.cardea.internal/user_impersonation offline_access openid profile')
    assert.deepEqual([json.token_type, json.expires_in], ['Bearer', 3600])
    assert.equal(await secrets(json.access_token), 200)
    assert.equal(await secrets(json.id_token), 401, 'an id token opens nothing')
  })

  it('is refused in the same words for a wrong password and a name that nobody has', async () => {
    const { upn } = await person('bob')
    for (const form of [
      byPassword(upn, { password: 'wrong' }),
      byPassword('nobody@cardea.internal'),
      byPassword(upn, { password: `${chosen} ` }),
    ]) {
      const heard = await post(form)
      assert.equal(heard.status, 400)
      assert.deepEqual(codeOf(heard), ['invalid_grant', 50126])
      assert.match(heard.json.error_description, /^AADSTS50126: Error validating credentials due to invalid username/)
    }
    assert.equal((await post(byPassword(upn, { password: '' }))).json.error_codes[0], 900144)
    assert.equal((await post(byPassword(upn, { client_id: randomUUID() }))).json.error_codes[0], 700016)
    const other = await house.newcomer('not set up')
    assert.equal((await post(byPassword(upn, { client_id: other.principal.appId }))).json.error_codes[0], 65005)
    const twoResources = `${vaultScope} https://management.cardea.internal/.default`
    assert.equal((await post(byPassword(upn, { scope: twoResources }))).json.error, 'invalid_scope')
    assert.equal((await post(`${new URLSearchParams(byPassword(upn))}&username=x`)).json.error, 'invalid_request')
  })

  it('takes as long to refuse for a name that nobody has', async () => {
    const { upn } = await person('carol')
    const timed = async (name: string): Promise<number> => {
      const begun = performance.now()
      await post(byPassword(name, { password: 'wrong' }))
      return performance.now() - begun
    }
    const middle = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length / 2)] as number
    const known: number[] = []
    const unknown: number[] = []
    for (let round = 0; round < 7; round += 1) {
      known.push(await timed(upn))
      unknown.push(await timed(`nobody-${round}@cardea.internal`))
    }
    assert.ok(middle(unknown) > middle(known) / 3, `${middle(unknown)} ms against ${middle(known)} ms`)
  })

  it('is locked after ten wrong tries, however the name is spelled, also to the right one, and opens again by itself', async () => {
    const { upn } = await person('dora')
    for (let tries = 0; tries < 10; tries += 1) {
      const spelled = tries % 2 === 0 ? upn.toUpperCase() : `${upn.slice(0, tries)}${upn.slice(tries).toUpperCase()}`
      assert.equal((await post(byPassword(spelled, { password: `guess ${tries}` }))).status, 400)
    }
    const locked = await post(byPassword(upn))
    assert.deepEqual([locked.status, ...codeOf(locked)], [429, 'invalid_grant', 50053])
    assert.equal(locked.headers['retry-after'], '60')
    assert.equal((await post(byPassword('erik@cardea.internal'))).status, 400, 'others are not shut out')
    now += 61_000
    assert.equal((await post(byPassword(upn, { password: 'again' }))).status, 400)
    const longer = await post(byPassword(upn))
    assert.equal(longer.headers['retry-after'], '120')
    now += 121_000
    assert.equal((await post(byPassword(upn))).status, 200)
  })

  it('counts a hundred tries at the same moment as a hundred', async () => {
    const { upn } = await person('greta')
    const heard = await Promise.all(
      Array.from({ length: 30 }, (_, guess) => post(byPassword(upn, { password: `guess ${guess}` }))),
    )
    assert.equal(heard.filter(({ status }) => status === 400).length, 10)
    assert.equal(heard.filter(({ status }) => status === 429).length, 20)
  })

  it('that is changed ends every session, in the very next request', async () => {
    const { upn, objectId } = await person('fay')
    const { base } = house.cardea
    const { json } = await post(byPassword(upn))
    assert.equal(await secrets(json.access_token), 200)
    await base.database.write(async (turn) =>
      setUserPassword(turn, base.keyring, objectId, await choosePassword('another one entirely')),
    )
    assert.equal(await secrets(json.access_token), 401)
    assert.deepEqual(codeOf(await refresh(json.refresh_token)), ['invalid_grant', 70008])
    assert.equal((await post(byPassword(upn))).status, 400)
    await assert.rejects(
      base.database.write(async (turn) => setUserPassword(turn, base.keyring, objectId, await choosePassword('short'))),
      /from 8 to 256/,
    )
  })

  it('that is changed while it is looked at opens nothing that outlives the change', async () => {
    const { upn, objectId } = await person('gus')
    const { base } = house.cardea
    const chosenAnew = await choosePassword('another one entirely')
    const attempts = async () => JSON.stringify((await base.database.read.run('select * from failed_sign_in', [])).rows)
    const before = await attempts()
    // Two hashes that take long, before which nobody else's is looked at.
    const slow = `$argon2id$v=19$m=8,t=40000,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`
    const busy = [isPassword('x', slow), isPassword('x', slow)]
    const signingIn = post(byPassword(upn))
    // The attempt is counted, and the old hash is read then.
    while ((await attempts()) === before) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 20))
    await base.database.write((turn) => setUserPassword(turn, base.keyring, objectId, chosenAnew))
    await Promise.all(busy)
    const { status, json } = await signingIn
    assert.ok(status === 400 || (await secrets(json.access_token)) === 401, `${status}`)
  })

  it('stands in the database as nothing that could be guessed at, or given to somebody else', async () => {
    const { base } = house.cardea
    const [henry, ida] = [await person('henry'), await person('ida')]
    await base.database.write(async (turn) =>
      setUserPassword(turn, base.keyring, ida.objectId, await choosePassword('what Ida chose')),
    )
    const { rows } = await base.database.read.run('select * from user_password', [])
    assert.equal(JSON.stringify(rows).includes('argon2'), false)
    await base.database.write((turn) =>
      turn.sql.run(
        `update user_password set sealed = (select sealed from user_password where principal = '${ida.objectId}') where principal = '${henry.objectId}'`,
        [],
      ),
    )
    assert.notEqual((await post(byPassword(henry.upn, { password: 'what Ida chose' }))).status, 200)
  })
})

describe('a session', () => {
  it('ends when the person is signed out everywhere, or is switched off', async () => {
    const { upn, objectId } = await person('jan')
    const { base } = house.cardea
    const { json } = await post(byPassword(upn))
    await base.database.write((turn) => revokeSessions(turn, objectId))
    assert.equal(await secrets(json.access_token), 401)
    assert.equal((await refresh(json.refresh_token)).json.error, 'invalid_grant')
    const again = (await post(byPassword(upn))).json
    await base.database.write((turn) => enablePrincipal(turn, house.cardea.base.keyring, objectId, false))
    assert.equal(await secrets(again.access_token), 403)
    assert.deepEqual(codeOf(await refresh(again.refresh_token)), ['invalid_grant', 50057])
    assert.deepEqual(codeOf(await post(byPassword(upn))), ['invalid_grant', 50057])
  })

  it('ends after ninety days, and no token that rests on it is good for longer', async () => {
    const { upn } = await person('lea')
    let { json } = await post(byPassword(upn))
    const opened = now
    const ends = opened + 90 * 86_400_000
    for (let days = 13; days < 90; days += 13) {
      now = opened + days * 86_400_000
      json = (await refresh(json.refresh_token)).json
      assert.equal(json.expires_in, 3600)
    }
    now = ends - 60_000
    json = (await refresh(json.refresh_token)).json
    assert.deepEqual([json.expires_in, decodeJwt(json.access_token).exp], [60, Math.floor(ends / 1000)])
    now = opened
  })

  it('is ended by the id token that names it', async () => {
    const { upn } = await person('kim')
    const { json } = await post(byPassword(upn))
    const path = `/${house.cardea.installation.tenant}/oauth2/v2.0/logout?id_token_hint=`
    await get(`${path}a.b.c`)
    assert.equal(await secrets(json.access_token), 200)
    assert.equal((await get(`${path}${json.id_token}`)).status, 200)
    assert.equal(await secrets(json.access_token), 401)
  })

  it('that somebody makes up in the database, or gives to another, opens nothing', async () => {
    const { upn, objectId } = await person('leo')
    const victim = await person('mia')
    const { json } = await post(byPassword(upn))
    const { base } = house.cardea
    await base.database.write((turn) =>
      turn.sql.run(`update session set principal = '${victim.objectId}' where principal = '${objectId}'`, []),
    )
    assert.equal((await refresh(json.refresh_token)).json.error, 'invalid_grant')
  })

  it('tells who it is of to whoever has a token for the directory', async () => {
    const { upn, objectId } = await person('nora')
    const { json } = await post(byPassword(upn, { scope: 'openid profile' }))
    const ask = (token: string) => house.ask(house.loginHost, 'GET', '/oidc/userinfo', { token })
    const told = await ask(json.access_token)
    assert.deepEqual([told.status, told.json.sub, told.json.preferred_username], [200, objectId, upn])
    assert.equal((await ask((await post(byPassword(upn))).json.access_token)).status, 401, 'for another audience')
    assert.equal((await get('/oidc/userinfo')).status, 401)
    await house.cardea.base.database.write((turn) => revokeSessions(turn, objectId))
    assert.equal((await ask(json.access_token)).status, 401)
  })
})

describe('what Microsoft Graph is told of somebody', () => {
  const graph = () => graphOf(house, () => house.developerToken('https://graph.cardea.internal'))

  it('is their password, and each of its changes and an end to their sessions hold in the next request', async () => {
    const { done } = graph()
    const userPrincipalName = `${randomUUID()}@cardea.internal`
    const passwordProfile = (password: string) => ({ passwordProfile: { password } })
    const { id } = await done(
      'POST',
      '/users',
      newUser('Made by Graph', { userPrincipalName, ...passwordProfile(chosen) }),
    )
    const principal = { objectId: id, appId: '', name: '', kind: 'user', enabled: true } as const
    const scope = `/subscriptions/${house.cardea.installation.subscription}`
    await house.assign(principal, builtInRoles.keyVaultSecretsUser, scope)
    const signIn = async (password: string): Promise<string> =>
      (await post(byPassword(userPrincipalName, { password }))).json.access_token
    const first = await signIn(chosen)
    assert.equal(await secrets(first), 200)
    assert.equal((await done('POST', `/users/${id}/revokeSignInSessions`)).value, true)
    assert.equal(await secrets(first), 401)
    const second = await signIn(chosen)
    await done('PATCH', `/users/${id}`, passwordProfile('another one entirely'))
    assert.equal(await secrets(second), 401)
    assert.equal(await signIn(chosen), undefined)
    const third = await signIn('another one entirely')
    assert.equal(await secrets(third), 200)
    await done('DELETE', `/users/${id}`)
    assert.notEqual(await secrets(third), 200)
    assert.equal(await signIn('another one entirely'), undefined)
  })

  it('or of an application: whether people may sign in to it, and where its answers may go', async () => {
    const { done } = graph()
    const uri = 'https://made.example.org/back'
    const { id, appId } = await done('POST', '/applications', {
      displayName: 'Made by Graph',
      web: { redirectUris: [uri, 'urn:ietf:wg:oauth:2.0:oob'] },
    })
    await done('POST', '/servicePrincipals', { appId })
    const show = async (redirect_uri: string): Promise<number> => {
      const fields = { client_id: appId, redirect_uri, response_type: 'code', prompt: 'none' }
      return (await get(`/common/oauth2/v2.0/authorize?${new URLSearchParams(fields)}`)).status
    }
    assert.deepEqual([await show(uri), await show('urn:ietf:wg:oauth:2.0:oob')], [303, 400])
    await done('PATCH', `/applications/${id}`, { web: { redirectUris: [] } })
    assert.equal(await show(uri), 400)
  })
})

describe('a refresh token', () => {
  it('is used once, and gives the next; for whichever audience', async () => {
    const { upn } = await person('otto')
    const first = (await post(byPassword(upn))).json
    const second = (await refresh(first.refresh_token, { scope: 'https://management.cardea.internal//.default' })).json
    assert.equal(decodeJwt(second.access_token).aud, 'https://management.cardea.internal/')
    assert.notEqual(second.refresh_token, first.refresh_token)
    assert.equal((await refresh(second.refresh_token)).status, 200)
  })

  it('that comes a second time ends the session for both who have it', async () => {
    const { upn } = await person('paul')
    const first = (await post(byPassword(upn))).json
    const second = (await refresh(first.refresh_token)).json
    assert.equal(await secrets(second.access_token), 200)
    assert.deepEqual(codeOf(await refresh(first.refresh_token)), ['invalid_grant', 50173])
    assert.equal(await secrets(second.access_token), 401)
    assert.equal((await refresh(second.refresh_token)).json.error, 'invalid_grant')
  })

  it('sent twice at the same moment is answered once at most', async () => {
    const { upn } = await person('quin')
    const { refresh_token } = (await post(byPassword(upn))).json
    const heard = await Promise.all([refresh(refresh_token), refresh(refresh_token), refresh(refresh_token)])
    assert.equal(heard.filter(({ status }) => status === 200).length <= 1, true)
  })

  it('is another application’s to use neither with nor without a secret, and stays good', async () => {
    const { upn } = await person('rosa')
    const { base } = house.cardea
    const other = await house.newcomer('another application')
    await base.database.write((turn) =>
      allowSignIn(turn, base.keyring, other.principal.objectId, { open: false, redirects: [] }),
    )
    const { refresh_token } = (await post(byPassword(upn))).json
    const theirs = { client_id: other.principal.appId, client_secret: other.password }
    assert.deepEqual(codeOf(await refresh(refresh_token, theirs)), ['invalid_grant', 70008])
    assert.equal((await refresh(refresh_token, { client_id: other.principal.appId })).json.error, 'invalid_client')
    assert.equal((await refresh(refresh_token)).status, 200)
    assert.equal((await refresh(randomBytes(32).toString('base64url'))).json.error, 'invalid_grant')
    assert.equal((await refresh('x'.repeat(5000))).json.error, 'invalid_request')
  })

  it('ends when nobody used it for two weeks, and stands in the database under no word that works', async () => {
    const { upn } = await person('sara')
    const { refresh_token } = (await post(byPassword(upn))).json
    const { rows } = await house.cardea.base.database.read.run('select * from ticket', [])
    assert.equal(JSON.stringify(rows).includes(refresh_token), false)
    now += 14 * 86_400_000 + 1000
    assert.equal((await refresh(refresh_token)).json.error, 'invalid_grant')
  })
})
