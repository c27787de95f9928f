import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { decodeJwt } from 'jose'
import { addPassword } from '#core/identity/directory.ts'
import { choosePassword, setUserPassword } from '#core/identity/people.ts'
import type { Principal } from '#core/identity/principal.ts'
import { revokeSessions } from '#core/identity/sessions.ts'
import { allowSignIn, azureCliAppId } from '#core/identity/sign-in-clients.ts'
import { type Heard, openHouse } from '../../testing/house.ts'
import { chosen, codeOf, type Fields, peopleOf, vaultScope } from './testing/people.ts'

let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())

const { get, person, post, refresh, secrets } = peopleOf(() => house)

/** What ends all that a person signed in to. */
const endings: Record<string, (objectId: string) => Promise<void>> = {
  'signed-out': (objectId) => house.cardea.base.database.write((turn) => revokeSessions(turn, objectId)),
  'password-changed': async (objectId) => {
    const { database, keyring } = house.cardea.base
    const chosenAnew = await choosePassword('another one entirely')
    await database.write((turn) => setUserPassword(turn, keyring, objectId, chosenAnew))
  },
}

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

  it('comes to nothing when the person is signed out everywhere, or gets another password, before it is fetched', async () => {
    for (const [name, end] of Object.entries(endings)) {
      const { upn, objectId } = await person(name)
      const { json } = await begin()
      await enter({ user_code: json.user_code, username: upn, password: chosen, go: 'yes' })
      await end(objectId)
      now += 10_000
      assert.equal((await poll(json.device_code)).json.error, 'expired_token', name)
    }
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

  it('takes no code of a person who was signed out everywhere, or got another password, since', async () => {
    for (const [name, end] of Object.entries(endings)) {
      const { upn, objectId } = await person(`web-${name}`)
      const code = codeIn(await signIn(upn))
      await end(objectId)
      assert.deepEqual(codeOf(await redeem(code)), ['invalid_grant', 70008], name)
    }
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
