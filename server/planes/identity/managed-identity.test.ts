import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { after, describe, it } from 'node:test'
import { decodeJwt } from 'jose'
import { type MachineIdentity, machineIdentity, type WantedIdentity } from '#core/directory/machine.ts'
import { proofOfIdentity } from '#core/directory/managed-identities.ts'
import { insertIdentity } from '#core/directory/managed-identity-rows.ts'
import { register } from '#core/identity/directory.ts'
import { machineAppId } from '#core/identity/principal.ts'
import { enablePrincipal } from '#core/identity/testing/enable-principal.ts'
import { type Heard, openHouse } from '../../testing/house.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const app = await house.newcomer('an application')

describe('this machine’s own identity', () => {
  const ask = (
    path: string,
    headers: Record<string, string>,
    method = 'GET',
    body = '',
    { cardea } = house,
  ): Promise<Pick<Heard, 'status' | 'json'>> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: cardea.proxyPort, path, method, headers }, (answer) => {
        let text = ''
        answer.on('data', (part) => {
          text += part
        })
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, json: text === '' ? undefined : JSON.parse(text) }),
        )
      })
      sent.on('error', reject)
      sent.end(body)
    })
  const resource = 'resource=https%3A%2F%2Fvault.cardea.internal'

  it('is given on loopback in the way of the instance metadata service', async () => {
    const odd = await ask(`/metadata/identity/oauth2/token?constructor=x&__proto__=y&${resource}`, { metadata: 'true' })
    assert.equal(odd.status, 200, 'what is no name of an identity names none')
    for (const path of ['/metadata/identity/oauth2/token', '/metadata/identity/oauth2/token/']) {
      const { status, json } = await ask(`${path}?api-version=2018-02-01&${resource}`, { metadata: 'true' })
      assert.equal(status, 200)
      assert.deepEqual(Object.keys(json).sort(), [
        'access_token',
        'client_id',
        'expires_in',
        'expires_on',
        'not_before',
        'resource',
        'token_type',
      ])
      const heard = await house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token: json.access_token })
      assert.equal(heard.status, 200)
    }
  })

  it('is given in the way of App Service to the one who has the header', async () => {
    const header = house.env.CARDEA_IDENTITY_HEADER as string
    const path = `${new URL(house.env.CARDEA_IDENTITY_ENDPOINT as string).pathname}?api-version=2019-08-01&${resource}`
    assert.equal((await ask(path, { 'x-identity-header': header })).status, 200)
    assert.equal((await ask(path, { 'x-identity-header': `${header}x` })).status, 401)
    assert.equal((await ask(path, {})).status, 401)
  })

  it('is refused without the header, to what was forwarded, for nobody’s id, and without a resource', async () => {
    const path = `/metadata/identity/oauth2/token?api-version=2018-02-01&${resource}`
    assert.equal((await ask(path, {})).status, 400)
    assert.equal((await ask(path, { metadata: 'true', 'x-forwarded-for': '10.0.0.1' })).status, 400)
    assert.equal((await ask(path, { metadata: 'true' }, 'PUT')).status, 405)
    assert.equal((await ask(`${path}&client_id=${randomUUID()}&object_id=x`, { metadata: 'true' })).status, 400)
    assert.equal((await ask(`${path}&resource=https%3A%2F%2Fother`, { metadata: 'true' })).status, 400)
    assert.equal((await ask(`${path}&client_id=${randomUUID()}`, { metadata: 'true' })).status, 400)
    assert.equal((await ask('/metadata/identity/oauth2/token', { metadata: 'true' })).status, 400)
    assert.equal((await ask('/elsewhere', { metadata: 'true' })).status, 404)
  })

  it('is refused to a page whose name was rebound to loopback, and through the proxy', async () => {
    const path = `/metadata/identity/oauth2/token?api-version=2018-02-01&${resource}`
    const own = `127.0.0.1:${house.cardea.proxyPort}`
    assert.equal((await ask(path, { metadata: 'true', host: `localhost:${house.cardea.proxyPort}` })).status, 200)
    for (const headers of [
      { host: `evil.example:${house.cardea.proxyPort}` },
      { host: own, origin: `http://${own}` },
      { host: own, 'sec-fetch-site': 'same-origin' },
      { host: '127.0.0.1.evil.example' },
    ]) {
      assert.equal((await ask(path, { metadata: 'true', ...headers })).status, 400, JSON.stringify(headers))
    }
    assert.equal((await ask(`http://${own}${path}`, { metadata: 'true' })).status, 400)
  })

  it('is given to a flood no faster than Azure gives it', async () => {
    await using other = await openHouse()
    const path = `/metadata/identity/oauth2/token?api-version=2018-02-01&${resource}`
    const flood = Array.from({ length: 400 }, () => ask(path, { metadata: 'true' }, 'GET', '', other))
    const statuses = (await Promise.all(flood)).map(({ status }) => status)
    assert.ok(statuses.filter((status) => status === 200).length >= 200)
    assert.ok(statuses.filter((status) => status === 429).length >= 50)
  })

  it('is given in the older ways: to a header called secret, and to a form', async () => {
    const header = house.env.CARDEA_IDENTITY_HEADER as string
    const path = new URL(house.env.CARDEA_IDENTITY_ENDPOINT as string).pathname
    assert.equal((await ask(`${path}?api-version=2017-09-01&${resource}`, { secret: header })).status, 200)
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const given = await ask(path, { ...form, metadata: 'true' }, 'POST', resource)
    assert.equal(given.status, 200)
    assert.equal((decodeJwt(given.json.access_token) as { idtyp?: string }).idtyp, 'app')
    assert.equal((await ask(path, form, 'POST', resource)).status, 400)
    const giant = `${resource}&pad=${'x'.repeat(9000)}`
    assert.equal((await ask(path, { ...form, metadata: 'true' }, 'POST', giant)).status, 413)
  })

  it('may be a user-assigned one where the operator allowed it, by each of its names, and no other', async () => {
    const { database, keyring } = house.cardea.base
    const make = async (name: string) => {
      const id = `/subscriptions/${randomUUID()}/resourceGroups/demo/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`
      const principal = await database.write(async (turn) => {
        const made = await register(turn, keyring, { name, kind: 'managed-identity' })
        const resource = { principal: made.objectId, resourceId: id, location: 'local', tags: {} }
        const proof = await proofOfIdentity({ sql: turn.sql, keyring }, resource)
        await insertIdentity(turn.sql, { resource, proof })
        return made
      })
      return { id, ...principal }
    }
    const [allowed, other] = [await make('allowed'), await make('other')]
    const reading = { sql: database.read, keyring }
    const may = async (wanted: WantedIdentity) =>
      ((await machineIdentity(reading, [allowed.appId], wanted)) as MachineIdentity | undefined)?.principal.name
    assert.equal(await may({ by: 'none' }), 'this machine')
    assert.equal(await may({ by: 'client', id: allowed.appId.toUpperCase() }), 'allowed')
    assert.equal(await may({ by: 'object', id: allowed.objectId }), 'allowed')
    assert.equal(await may({ by: 'resource', id: allowed.id.toUpperCase() }), 'allowed')
    for (const wanted of [
      { by: 'client', id: other.appId },
      { by: 'object', id: other.objectId },
      { by: 'resource', id: other.id },
      { by: 'client', id: app.principal.appId },
      { by: 'resource', id: '' },
    ] as const) {
      assert.equal(await may(wanted), undefined, JSON.stringify(wanted))
    }
    await database.write((turn) => enablePrincipal(turn, keyring, allowed.objectId, false))
    assert.equal(await may({ by: 'client', id: allowed.appId }), undefined)
  })

  it('has no secret with which anybody else could become it', async () => {
    const form = {
      grant_type: 'client_credentials',
      client_id: machineAppId,
      client_secret: app.password,
      scope: 'https://vault.cardea.internal/.default',
    }
    const heard = await house.ask(house.loginHost, 'POST', '/adfs/oauth2/v2.0/token', {
      body: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    assert.equal(heard.json.error_codes[0], 700016)
  })
})
