import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { addPassword, enablePrincipal } from '#core/identity/directory.ts'
import { enter } from '#core/identity/entries.ts'
import { choosePassword, setUserPassword } from '#core/identity/people.ts'
import type { Principal } from '#core/identity/principal.ts'
import { revokeSessions } from '#core/identity/sessions.ts'
import { allowSignIn, azureCliAppId } from '#core/identity/sign-in-clients.ts'
import { type Heard, type House, openHouse } from '../../testing/house.ts'
import { graphOf, newUser } from '../directory/testing/graph.ts'

let now = Date.now()
let house: House
before(async () => {
  house = await openHouse({ clock: () => now })
})
after(() => house[Symbol.asyncDispose]())

const vaultScope = 'https://vault.cardea.internal/.default offline_access openid profile'
const chosen = 'correct horse battery'
type Fields = Record<string, string>

const post = (form: Fields | string, path = '/adfs/oauth2/v2.0/token', headers: Fields = {}): Promise<Heard> =>
  house.ask(house.loginHost, 'POST', path, {
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })
const get = (path: string): Promise<Heard> => house.ask(house.loginHost, 'GET', path)

/** Somebody with a password, who may read the secrets of the demo vault. */
async function person(name: string): Promise<Principal & { readonly upn: string }> {
  const { base, installation } = house.cardea
  const upn = `${name}@cardea.internal`
  const principal = await base.database.write(async (turn) => {
    const told = { name, kind: 'user', appId: '', enabled: true, userPrincipalName: upn, details: {} } as const
    const made = await enter(turn, told)
    await setUserPassword(turn, base.keyring, made.objectId, await choosePassword(chosen))
    return made
  })
  await house.assign(principal, builtInRoles.keyVaultSecretsUser, `/subscriptions/${installation.subscription}`)
  return { ...principal, upn }
}
const byPassword = (upn: string, extra: Fields = {}): Fields => ({
  grant_type: 'password',
  client_id: azureCliAppId,
  username: upn,
  password: chosen,
  scope: vaultScope,
  ...extra,
})
const refresh = (token: string, extra: Fields = {}): Promise<Heard> =>
  post({ grant_type: 'refresh_token', client_id: azureCliAppId, refresh_token: token, scope: vaultScope, ...extra })
const secrets = async (token: string): Promise<number> =>
  (await house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })).status
const codeOf = ({ json }: Heard): [string, number] => [json.error, json.error_codes?.[0]]

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
    await base.database.write((turn) => enablePrincipal(turn, objectId, false))
    assert.equal(await secrets(again.access_token), 403)
    assert.deepEqual(codeOf(await refresh(again.refresh_token)), ['invalid_grant', 50057])
    assert.deepEqual(codeOf(await post(byPassword(upn))), ['invalid_grant', 50057])
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

describe('signing in on another device', () => {
  const begin = async (extra: Fields = {}): Promise<Heard> =>
    post({ client_id: azureCliAppId, scope: vaultScope, ...extra }, '/organizations/oauth2/v2.0/devicecode')
  const poll = (code: string, extra: Fields = {}): Promise<Heard> =>
    post({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: azureCliAppId,
      device_code: code,
      ...extra,
    })
  const page = () => `/${house.cardea.installation.tenant}/oauth2/deviceauth`
  const enter = (fields: Fields): Promise<Heard> => post(fields, page())

  it('works as az does it: a code, a page, and questions until somebody has signed in', async () => {
    const { upn, objectId } = await person('tom')
    const { status, json } = await begin()
    assert.equal(status, 200)
    assert.match(json.user_code, /^[B-Z]{4}-[B-Z]{4}$/)
    assert.equal(json.verification_uri, `https://login.cardea.internal${page()}`)
    assert.ok(json.message.includes(json.user_code) && json.message.includes(json.verification_uri))
    assert.deepEqual([json.interval, json.expires_in], [5, 900])
    assert.deepEqual(codeOf(await poll(json.device_code)), ['authorization_pending', 70016])
    assert.equal((await poll(json.device_code)).json.error, 'slow_down')
    now += 10_000
    assert.equal((await poll(json.device_code)).json.error, 'authorization_pending')

    assert.equal((await get(page())).status, 200)
    const named = await enter({ user_code: json.user_code.toLowerCase().replace('-', ' ') })
    assert.match(named.text, /<strong>Azure CLI<\/strong> waits on another device/)
    const done = await enter({ user_code: json.user_code, username: upn, password: chosen, go: 'yes' })
    assert.match(done.text, /You have signed in/)
    now += 10_000
    const given = await poll(json.device_code)
    assert.equal(given.status, 200)
    assert.equal(decodeJwt(given.json.access_token).oid, objectId)
    assert.equal(typeof given.json.refresh_token, 'string')
    assert.equal((await poll(json.device_code)).json.error, 'bad_verification_code', 'once')
    assert.equal((await enter({ user_code: json.user_code })).status, 400, 'once')
  })

  it('is given to a flood from one address no faster than people type', async () => {
    await using other = await openHouse()
    const ask = () =>
      other.ask(other.loginHost, 'POST', '/adfs/oauth2/v2.0/devicecode', {
        body: new URLSearchParams({ client_id: azureCliAppId, scope: vaultScope }).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
    const heard = await Promise.all(Array.from({ length: 80 }, ask))
    const given = heard.filter(({ status }) => status === 200)
    assert.ok(given.length >= 60 && given.length <= 65, String(given.length))
    const held = heard.find(({ status }) => status === 429)
    assert.ok(Number(held?.headers['retry-after']) >= 1)
    const { rows } = await other.cardea.base.database.read.run("select id from ticket where kind = 'device'", [])
    assert.equal(rows.length, given.length)
  })

  it('is declined, expires, is bound to its application, and is not given for a wrong password', async () => {
    const { upn } = await person('uma')
    const declined = (await begin()).json
    await enter({ user_code: declined.user_code, go: 'no' })
    assert.equal((await poll(declined.device_code)).json.error, 'authorization_declined')

    const open = (await begin()).json
    const wrong = await enter({ user_code: open.user_code, username: upn, password: 'wrong', go: 'yes' })
    assert.deepEqual([wrong.status, /role="alert"/.test(wrong.text)], [400, true])
    assert.equal(wrong.text.includes('wrong'), false)
    assert.equal((await poll(open.device_code)).json.error, 'authorization_pending')
    const other = await house.newcomer('a stranger')
    const { base } = house.cardea
    await base.database.write((turn) =>
      allowSignIn(turn, base.keyring, other.principal.objectId, { open: true, redirects: [] }),
    )
    assert.equal(
      (await poll(open.device_code, { client_id: other.principal.appId })).json.error,
      'bad_verification_code',
    )
    now += 901_000
    assert.equal((await poll(open.device_code)).json.error, 'expired_token')
    assert.equal((await enter({ user_code: open.user_code })).status, 400)
    assert.equal((await begin({ client_id: randomUUID() })).json.error, 'unauthorized_client')
  })

  it('lets nobody guess codes, nor pardon guesses with right codes of their own', async () => {
    const statuses: number[] = []
    for (let tries = 0; tries < 14; tries += 1) {
      statuses.push((await enter({ user_code: 'BBBB-BBBB' })).status)
      if (statuses.at(-1) === 429) break
      const own = (await begin()).json
      await enter({ user_code: own.user_code })
    }
    assert.equal(statuses.at(-1), 429)
    now += 3_600_000
  })
})

describe('signing in with a browser', () => {
  const redirect = 'https://app.example.org/signed-in?tab=1'
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  let client: Principal
  let secret: string
  before(async () => {
    const { base } = house.cardea
    const made = await house.newcomer('a <b>web</b> application')
    client = made.principal
    secret = made.password
    await base.database.write(async (turn) => {
      await allowSignIn(turn, base.keyring, client.objectId, { open: false, redirects: [redirect] })
      // The house's passwords end within a day, and this suite goes through weeks.
      secret = randomBytes(20).toString('base64url')
      await addPassword(turn, base.keyring, client, secret, { name: 'long', ends: turn.at + 900 * 86_400_000 })
    })
  })
  const asked = (extra: Fields = {}): Fields => ({
    client_id: client.appId,
    redirect_uri: redirect,
    response_type: 'code',
    scope: vaultScope,
    state: 'a state',
    nonce: 'a nonce',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...extra,
  })
  const path = '/organizations/oauth2/v2.0/authorize'
  const show = (fields: Fields): Promise<Heard> => get(`${path}?${new URLSearchParams(fields)}`)
  const signIn = (upn: string, extra: Fields = {}, headers: Fields = {}): Promise<Heard> =>
    post({ ...asked(), username: upn, password: chosen, go: 'yes', ...extra }, path, headers)
  const codeIn = ({ headers }: Heard): string => new URL(headers.location as string).searchParams.get('code') as string
  const redeem = (code: string, extra: Fields = {}): Promise<Heard> =>
    post({
      grant_type: 'authorization_code',
      client_id: client.appId,
      client_secret: secret,
      code,
      redirect_uri: redirect,
      code_verifier: verifier,
      ...extra,
    })

  it('shows a page that needs no script, and brings a code back that is good for tokens', async () => {
    const { upn } = await person('vera')
    const shown = await show(asked({ login_hint: upn }))
    assert.equal(shown.status, 200)
    assert.match(
      shown.headers['content-security-policy'] as string,
      /default-src 'none'.*form-action 'self' https:\/\/app\.example\.org.*frame-ancestors 'none'/,
    )
    assert.equal(/<script|javascript:|\son\w+=/i.test(shown.text), false)
    assert.match(shown.text, /<label for="username">/)
    assert.match(shown.text, /a &lt;b&gt;web&lt;\/b&gt; application/)

    assert.equal(shown.headers['set-cookie'], undefined)
    const back = await signIn(upn)
    assert.equal(back.headers['set-cookie'], undefined)
    assert.equal(back.status, 303)
    const url = new URL(back.headers.location as string)
    assert.equal(`${url.origin}${url.pathname}`, 'https://app.example.org/signed-in')
    assert.deepEqual(
      [url.searchParams.get('tab'), url.searchParams.get('state'), url.searchParams.get('iss')],
      ['1', 'a state', `https://login.cardea.internal/${house.cardea.installation.tenant}/v2.0`],
    )
    const { status, json } = await redeem(codeIn(back))
    assert.equal(status, 200)
    assert.equal(decodeJwt(json.id_token).nonce, 'a nonce')
    assert.equal(await secrets(json.access_token), 200)
  })

  it('takes a code once; a second time ends what came of the first', async () => {
    const { upn } = await person('will')
    const code = codeIn(await signIn(upn))
    const { json } = await redeem(code)
    assert.deepEqual(codeOf(await redeem(code)), ['invalid_grant', 54005])
    assert.equal(await secrets(json.access_token), 401)
    assert.equal((await refresh(json.refresh_token, { client_id: client.appId, client_secret: secret })).status, 400)
  })

  it('takes a code only from its application, for its address, with its verifier, within a minute', async () => {
    const { upn } = await person('xenia')
    for (const wrong of [
      { code_verifier: randomBytes(32).toString('base64url') },
      { redirect_uri: 'https://app.example.org/elsewhere' },
      { client_id: azureCliAppId, client_secret: '' },
    ]) {
      assert.deepEqual(codeOf(await redeem(codeIn(await signIn(upn)), wrong)), ['invalid_grant', 70008])
    }
    assert.equal((await redeem(codeIn(await signIn(upn)), { code_verifier: '' })).json.error, 'invalid_request')
    assert.equal((await redeem(codeIn(await signIn(upn)), { client_secret: 'wrong' })).json.error, 'invalid_client')
    assert.equal((await redeem(codeIn(await signIn(upn)), { client_secret: '' })).json.error, 'invalid_client')
    const late = codeIn(await signIn(upn))
    now += 61_000
    assert.equal((await redeem(late)).json.error, 'invalid_grant')
  })

  it('sends nobody to an address that the application didn’t register', async () => {
    for (const redirect_uri of [
      'https://app.example.org/signed-in',
      'https://app.example.org/signed-in?tab=1&x=y',
      'https://app.example.org/signed-in?tab=1#x',
      'https://app.example.org.evil.example/signed-in?tab=1',
      'https://app.example.org@evil.example/signed-in?tab=1',
      'HTTPS://APP.example.org/signed-in?tab=1',
      'http://app.example.org/signed-in?tab=1',
      'https://app.example.org:8443/signed-in?tab=1',
      'http://localhost:1234/',
      'javascript:alert(1)',
      '//evil.example',
      '',
    ]) {
      const heard = await show(asked({ redirect_uri }))
      assert.deepEqual([heard.status, heard.headers.location], [400, undefined], redirect_uri)
    }
  })

  it('lets a program on the person’s own machine listen on any port', async () => {
    const az = { client_id: azureCliAppId }
    for (const redirect_uri of ['http://localhost:34567', 'http://localhost:1/', 'http://localhost']) {
      assert.equal((await show(asked({ ...az, redirect_uri }))).status, 200, redirect_uri)
    }
    for (const redirect_uri of [
      'http://localhost:34567/x',
      'http://127.0.0.1:1',
      'https://localhost:1',
      'http://localhost.evil.example',
      'http://localhost:1@evil.example/',
      'http://localhost:99999999',
    ]) {
      assert.equal((await show(asked({ ...az, redirect_uri }))).status, 400, redirect_uri)
    }
  })

  it('tells the application what was wrong with its request, without a code', async () => {
    for (const [extra, error] of [
      [{ code_challenge: '' }, 'invalid_request'],
      [{ code_challenge_method: 'plain' }, 'invalid_request'],
      [{ response_type: 'token' }, 'unsupported_response_type'],
      [{ response_mode: 'form_post' }, 'invalid_request'],
      [{ scope: 'a b c' }, 'invalid_scope'],
      [{ prompt: 'none' }, 'login_required'],
    ] as [Fields, string][]) {
      const heard = await show(asked(extra))
      const answer = new URL(heard.headers.location as string).searchParams
      assert.deepEqual(
        [heard.status, answer.get('error'), answer.get('state'), answer.get('code')],
        [303, error, 'a state', null],
        JSON.stringify(extra),
      )
    }
    const { upn } = await person('yuri')
    const declined = await signIn(upn, { go: 'no' })
    assert.equal(new URL(declined.headers.location as string).searchParams.get('error'), 'access_denied')
  })

  it('repeats nothing that could become part of the page', async () => {
    const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`
    for (const field of [
      'state',
      'nonce',
      'scope',
      'prompt',
      'login_hint',
      'client_id',
      'redirect_uri',
      'response_mode',
    ]) {
      const heard = await show(asked({ [field]: evil }))
      assert.equal(heard.text.includes('<script'), false, field)
      assert.equal(heard.text.includes('<img'), false, field)
      assert.equal(/[\r\n]/.test(heard.headers.location ?? ''), false, field)
    }
    for (const field of ['username', 'password', 'state', 'go']) {
      const heard = await signIn('nobody', { [field]: evil })
      assert.equal(/<script|<img/.test(heard.text), false, field)
    }
    const device = `/${house.cardea.installation.tenant}/oauth2/deviceauth`
    assert.equal(/<script|<img/.test((await post({ user_code: evil, username: evil }, device)).text), false)
    const tenant = await get(`/${encodeURIComponent(evil)}/oauth2/v2.0/authorize`)
    assert.equal(/<script|<img/.test(tenant.text), false)
    const token = await post({ grant_type: evil, client_id: evil, username: evil, scope: evil })
    assert.equal(/<script|<img/.test(token.text), false)
  })

  it('takes no form that another site sent, none with a field twice, and none that is huge', async () => {
    const { upn } = await person('zoe')
    assert.equal((await signIn(upn, {}, { 'sec-fetch-site': 'cross-site' })).status, 403)
    assert.equal((await signIn(upn, {}, { 'sec-fetch-site': 'same-origin' })).status, 303)
    const twice = `${new URLSearchParams({ ...asked(), username: upn, password: chosen })}&client_id=${azureCliAppId}`
    assert.equal((await post(twice, path)).status, 400)
    assert.equal((await show({ ...asked(), state: 'x'.repeat(5000) })).status, 400)
    assert.equal((await signIn(upn, { pad: 'x'.repeat(100_000) })).status, 413)
    assert.equal((await get(`${path}?${new URLSearchParams(asked())}&state=twice`)).status, 400)
  })
})
