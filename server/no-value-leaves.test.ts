import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { after, describe, it, mock } from 'node:test'
import { allowSignIn, azureCliAppId } from '#core/identity/sign-in-clients.ts'
import { graphHost, graphOf, newUser } from './planes/directory/testing/graph.ts'
import { managementHost, managerOf, storePath } from './planes/management/testing/manager.ts'
import { type Asked, type Heard, openHouse } from './testing/house.ts'

/**
 * Everything that only its owner may know is marked, sent through the whole house in good and in bad requests, and then
 * looked for where it must not be: in the database's files, the journal, the log, the events, the metrics, and in what
 * those are told who are refused (promises P1, P2).
 */
const marked = new Map<string, string>()
const mark = (what: string): string => {
  const value = `mark-${what}-${randomBytes(18).toString('hex')}`
  marked.set(value, what)
  return value
}
/** Something that was made here and handed out once. */
const handedOut = (what: string, value: unknown): string => {
  assert.ok(typeof value === 'string' && value.length >= 8, what)
  marked.set(value, what)
  return value
}
/** Where a value shows, as it is or written otherwise. */
function leaksIn(place: string, bytes: Buffer | string): string[] {
  const text = Buffer.isBuffer(bytes) ? bytes.toString('latin1') : bytes
  const found: string[] = []
  for (const [value, what] of marked) {
    const plain = Buffer.from(value)
    const forms = [value, plain.toString('hex'), plain.toString('base64'), plain.toString('base64url')]
    if (forms.some((form) => text.includes(form.slice(0, 60)))) found.push(`${what} in ${place}`)
  }
  return found
}

/** What the process wrote to standard error. */
let logged = ''
/** What was said to those who were refused. */
const refusals: string[] = []

const write = fs.writeSync
mock.method(fs, 'writeSync', (fd: number, ...rest: [string]) => {
  if (fd !== 2) return write(fd, ...rest)
  logged += String(rest[0])
  return Buffer.byteLength(rest[0])
})
const house = await openHouse({ env: { CARDEA_LOG_LEVEL: 'trace' } })
after(async () => {
  await house[Symbol.asyncDispose]()
  mock.restoreAll()
})

async function ask(host: string, method: string, target: string, given: Asked = {}): Promise<Heard> {
  const heard = await house.ask(host, method, target, given)
  if (heard.status >= 400) refusals.push(`${method} ${target}: ${JSON.stringify(heard.headers)} ${heard.text}`)
  return heard
}
const form = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Heard> =>
  ask(house.loginHost, 'POST', path, {
    body: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })
const token = (fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Heard> =>
  form('/adfs/oauth2/v2.0/token', fields, headers)

describe('what only its owner may know', () => {
  it('goes through the house in secrets and their backups', async () => {
    const bearer = handedOut('the developer’s token', await house.developerToken()).trim()
    const stranger = await (await house.newcomer('stranger')).token()
    const at = (path: string) => `/secrets/${path}?api-version=7.4`
    const secret = (method: string, path: string, body?: unknown, who = bearer) =>
      ask(house.vaultHost, method, at(path), { token: who, body })
    assert.equal((await secret('PUT', 'db', { value: mark('first-version') })).status, 200)
    assert.equal((await secret('PUT', 'db', { value: mark('second-version') })).status, 200)
    await secret('GET', 'db')
    for (const body of [
      `{"value":"${mark('broken-json')}`,
      `{"value":"${mark('trailing')}"} x`,
      { value: { deep: mark('wrong-type') } },
      { value: [mark('list')] },
      { value: mark('wrong-attributes'), attributes: { exp: mark('wrong-date') } },
      { value: mark('wrong-tags'), tags: { a: 5 } },
      { value: `${mark('too-large')}${'x'.repeat(30_000)}` },
      { value: `${mark('far-too-large')}${'x'.repeat(300_000)}` },
      Buffer.from(`{"value":"${mark('bytes')}\xff"}`, 'latin1'),
      `{"value":${'['.repeat(40)}"${mark('too-deep')}"`,
    ])
      assert.ok((await secret('PUT', 'bad', body)).status >= 400)
    assert.equal((await secret('PUT', 'db', { value: mark('stranger’s') }, stranger)).status, 403)
    assert.equal((await secret('PUT', mark('in-a-path'), { value: mark('bad-name') }, stranger)).status, 403)
    marked.delete([...marked].find(([, what]) => what === 'in-a-path')?.[0] ?? '')
    const blob = handedOut('a backup', (await secret('POST', 'db/backup')).json.value)
    assert.equal((await secret('POST', 'restore', { value: `${blob.slice(0, -4)}AAAA` })).status, 400)
    await secret('PATCH', 'db', { attributes: { enabled: false } })
    assert.equal((await secret('GET', 'db')).status, 403)
    await secret('PATCH', 'db', { attributes: { enabled: true } })
    assert.equal((await secret('PUT', 'db', { value: mark('last-version') })).status, 200)
    assert.equal((await secret('DELETE', 'db')).status, 200)
    assert.equal((await secret('PUT', 'db', { value: mark('into-the-deleted') })).status, 409)
  })

  it('goes through it in settings and their access keys', async () => {
    const bearer = await house.developerToken(`https://${house.storeHost}`)
    const put = (key: string, body: unknown, headers: Record<string, string> = {}) =>
      ask(house.storeHost, 'PUT', `/kv/${key}?api-version=1.0`, { token: bearer, body, headers })
    assert.equal((await put('color', { value: mark('setting') })).status, 200)
    assert.equal((await put('color', { value: mark('unmet') }, { 'if-match': '"other"' })).status, 412)
    assert.equal((await put('color', { value: `${mark('large-setting')}${'x'.repeat(20_000)}` })).status, 413)
    assert.ok((await put('color', `{"value":"${mark('broken-setting')}`)).status >= 400)
    assert.ok((await put('color', { value: { a: mark('wrong-setting') } })).status >= 400)
    const snapshot = { filters: [{ key: '*' }] }
    await ask(house.storeHost, 'PUT', '/snapshots/all?api-version=2023-11-01', { token: bearer, body: snapshot })
    const manager = await managerOf(house)
    const store = { location: 'local', sku: { name: 'Standard' }, properties: { disableLocalAuth: false } }
    assert.equal((await manager.ask('PUT', storePath('keyed-store'), store)).status, 201)
    const { json } = await manager.ask('POST', `${storePath('keyed-store')}/listKeys`)
    for (const { name, value } of json.value) handedOut(`the access key ${name}`, value)
    const renewed = await manager.ask('POST', `${storePath('keyed-store')}/regenerateKey`, { id: json.value[0].id })
    handedOut('a renewed access key', renewed.json.value)
    const signed = `HMAC-SHA256 Credential=${json.value[1].id}&SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${mark('signature')}`
    const headers = { authorization: signed, 'x-ms-date': new Date().toUTCString(), 'x-ms-content-sha256': 'x' }
    assert.equal(
      (await ask('keyed-store.config.cardea.internal', 'GET', '/kv?api-version=1.0', { headers })).status,
      401,
    )
  })

  it('goes through it in what proves applications and people', async () => {
    const { tenant } = house.cardea.installation
    const graph = graphOf(house, () => house.developerToken(`https://${graphHost}`))
    const application = await graph.done('POST', '/applications', { displayName: 'marked' })
    await graph.done('POST', '/servicePrincipals', { appId: application.appId })
    const { secretText } = await graph.done('POST', `/applications/${application.id}/addPassword`, {})
    const scope = 'https://vault.cardea.internal/.default'
    const client = { grant_type: 'client_credentials', client_id: application.appId as string, scope }
    const given = await token({ ...client, client_secret: handedOut('a client secret', secretText) })
    handedOut('an application’s token', given.json.access_token)
    for (const wrong of [mark('wrong-secret'), `${secretText}x`]) await token({ ...client, client_secret: wrong })
    await token({ ...client, client_secret: `${mark('twice')}`, client_assertion: mark('both') })
    await token({ ...client, client_assertion: `${mark('head')}.${mark('body')}.${mark('sign')}` })
    const basic = Buffer.from(`${application.appId}:${mark('basic')}`).toString('base64')
    await token({ grant_type: 'client_credentials', scope }, { authorization: `Basic ${basic}` })
    await ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token: mark('wrong-token') })

    const password = mark('password')
    const profile = { password, forceChangePasswordNextSignIn: false }
    const { userPrincipalName, id } = await graph.done('POST', '/users', newUser('Ada', { passwordProfile: profile }))
    await graph.ask('PATCH', `/users/${id}`, { passwordProfile: { password: { deep: mark('wrong-password-type') } } })
    await graph.ask('PATCH', `/users/${id}`, { passwordProfile: { password: `${mark('long')}${'x'.repeat(300)}` } })
    const person = { client_id: azureCliAppId, username: userPrincipalName as string }
    const asked = { ...person, grant_type: 'password', scope: `${scope} offline_access openid` }
    const signedIn = await token({ ...asked, password })
    for (const name of ['access_token', 'refresh_token', 'id_token']) handedOut(name, signedIn.json[name])
    await token({ ...asked, password: mark('wrong-password') })
    const refreshing = { client_id: azureCliAppId, grant_type: 'refresh_token', scope }
    const next = await token({ ...refreshing, refresh_token: signedIn.json.refresh_token })
    handedOut('the next refresh token', next.json.refresh_token)
    await token({ ...refreshing, refresh_token: mark('no-refresh-token') })
    await token({ ...refreshing, refresh_token: signedIn.json.refresh_token })

    const device = await form(`/${tenant}/oauth2/v2.0/devicecode`, { client_id: azureCliAppId, scope })
    handedOut('a device code', device.json.device_code)
    handedOut('a user code', device.json.user_code)
    const page = `/${tenant}/oauth2/deviceauth`
    const entered = { user_code: device.json.user_code as string, username: userPrincipalName as string, go: 'yes' }
    await form(page, { ...entered, password: mark('wrong-at-device') })
    await form(page, { ...entered, password })

    const { base } = house.cardea
    const { principal } = await house.newcomer('browser')
    await base.database.write((turn) =>
      allowSignIn(turn, base.keyring, principal.objectId, { open: true, redirects: ['http://localhost/'] }),
    )
    const request = {
      ...{ client_id: principal.appId, redirect_uri: 'http://localhost/', response_type: 'code', scope: 'openid' },
      ...{
        code_challenge: 'a'.repeat(43),
        code_challenge_method: 'S256',
        username: userPrincipalName as string,
        go: 'yes',
      },
    }
    const authorize = `/${tenant}/oauth2/v2.0/authorize`
    await form(authorize, { ...request, password: mark('wrong-at-browser') })
    const back = await form(authorize, { ...request, password })
    const code = handedOut('a code', new URL(back.headers.location ?? '').searchParams.get('code'))
    const redeeming = {
      grant_type: 'authorization_code',
      client_id: principal.appId,
      redirect_uri: 'http://localhost/',
    }
    await token({ ...redeeming, code, code_verifier: mark('verifier').padEnd(43, 'x') })
  })

  it('goes through it in addresses of web hooks, and where something breaks', async () => {
    const manager = await managerOf(house)
    const webhook = `https://hooks.example/${mark('hook')}`
    const alert = (body: unknown) =>
      ask(managementHost, 'PUT', '/.cardea/alerts/denials', { token: manager.token, body })
    assert.equal((await alert({ watch: 'denied', threshold: 1, webhook })).status, 200)
    await alert({ watch: 'denied', webhook: `http://a:${mark('user-info')}@hooks.example/` })
    // Values that lie at each other's places don't open: a failure of ours, told in the log.
    const bearer = await house.developerToken()
    for (const name of ['here', 'there'])
      await ask(house.vaultHost, 'PUT', `/secrets/${name}?api-version=7.4`, {
        token: bearer,
        body: { value: mark(name) },
      })
    await house.cardea.base.database.write((turn) =>
      turn.sql.run(
        "update secret_version set sealed = (select sealed from secret_version where name_key = 'there') where name_key = 'here'",
        [],
      ),
    )
    assert.equal((await ask(house.vaultHost, 'GET', '/secrets/here?api-version=7.4', { token: bearer })).status, 500)
    assert.match(logged, /does not open with this key/)
  })

  it('is found in no file of the database, and in no other but those that keep keys', () => {
    const files = fs.readdirSync(house.data, { recursive: true, encoding: 'utf8' })
    const found = files
      .filter((file) => fs.statSync(join(house.data, file)).isFile())
      .flatMap((file) => leaksIn(file, fs.readFileSync(join(house.data, file))))
    assert.ok(files.some((file) => file.endsWith('.db')))
    assert.deepEqual(found, [])
  })

  it('is found in no log, no journal, no metrics, no event, and in nothing that was said to who was refused', async () => {
    const { token: bearer } = await managerOf(house)
    const journal = await ask(managementHost, 'GET', '/.cardea/journal', { token: bearer })
    const metrics = await ask(managementHost, 'GET', '/.cardea/metrics', { token: bearer })
    assert.equal(journal.status, 200)
    assert.equal(metrics.status, 200)
    const alerts = await ask(managementHost, 'GET', '/.cardea/alerts', { token: bearer })
    const { read } = house.cardea.base.database
    const events = JSON.stringify((await read.run('select * from change', [])).rows)
    assert.ok(refusals.length > 30 && logged.length > 100 && events.length > 100)
    const found = [
      ...leaksIn('the log', logged),
      ...leaksIn('the journal', journal.text + JSON.stringify(await house.deeds())),
      ...leaksIn('the metrics', metrics.text),
      ...leaksIn('the list of alerts', alerts.text),
      ...leaksIn('events', events),
      ...refusals.flatMap((said) => leaksIn(said.slice(0, 100), said)),
      // The page gives back the code that its own reader has typed.
    ].filter((leak) => !/^a user code in POST \S+deviceauth/.test(leak))
    assert.deepEqual(found, [])
    assert.ok(marked.size > 50, String(marked.size))
  })

  it('is kept in the journal exactly once, by whoever it was done', async () => {
    const number = randomUUID()
    const bearer = await house.developerToken()
    const headers = { 'x-ms-client-request-id': number }
    for (const [method, path, body] of [
      ['PUT', '/secrets/once', { value: 'x' }],
      ['GET', '/secrets/once', undefined],
      ['GET', '/secrets', undefined],
      ['PATCH', '/secrets/once', { tags: {} }],
      ['POST', '/secrets/once/backup', undefined],
      ['DELETE', '/secrets/once', undefined],
      ['GET', '/deletedsecrets/once', undefined],
      ['POST', '/deletedsecrets/once/recover', undefined],
    ] as const)
      assert.equal(
        (await ask(house.vaultHost, method, `${path}?api-version=7.4`, { token: bearer, body, headers })).status,
        200,
        path,
      )
    const deeds = (await house.deeds()).filter(({ correlation }) => correlation === number)
    assert.equal(deeds.length, 8)
    assert.ok(deeds.every(({ outcome }) => outcome === 'done'))
  })
})
