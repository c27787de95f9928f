import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { AuditEvent, JournalPage, Reader } from '@cardea/contract/cardea/journal'
import { builtInRoles } from '@cardea/contract/roles'
import { inside } from '#core/audit/entry.ts'
import { gatherReadings } from '#core/journal/readings.ts'
import { type House, openHouse } from '../../../testing/house.ts'
import { until } from '../../../testing/rotating-keys.ts'

const version = 'api-version=7.4'
const managementHost = 'management.cardea.internal'
const management = `https://${managementHost}`

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken()
const owner = await house.developerToken(management)
await house.ask(house.vaultHost, 'PUT', `/secrets/db?${version}`, { token, body: { value: 'never-in-a-journal' } })

const vaultId = () =>
  `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
const storeId = () => vaultId().replace('Microsoft.KeyVault/vaults', 'Microsoft.AppConfiguration/configurationStores')

async function journal(asked: Record<string, string | number> = {}, as = owner): Promise<JournalPage> {
  const query = new URLSearchParams(Object.entries(asked).map(([name, value]) => [name, String(value)]))
  const { status, json, text } = await house.ask(managementHost, 'GET', `/.cardea/journal?${query}`, { token: as })
  assert.equal(status, 200, text)
  return json
}
const read = (name = 'db', given: Parameters<House['ask']>[3] = {}) =>
  house.ask(house.vaultHost, 'GET', `/secrets/${name}?${version}`, { token, ...given })

describe('the journal', () => {
  it('tells of a reading as Azure’s AuditEvent does, with the version that was read', async () => {
    const number = '11111111-2222-3333-4444-555555555555'
    const { json } = await read('db', { headers: { 'x-ms-client-request-id': number, 'user-agent': 'test/1' } })
    const found = (await journal({ operation: 'SecretGet' })).value.find(
      ({ correlationId }) => correlationId === number,
    )
    assert.ok(found !== undefined)
    const { time, identity, properties, ...rest } = found
    assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/)
    assert.match(identity.claim.oid ?? '', /^[0-9a-f-]{36}$/)
    assert.equal(identity.claim.appid, house.env.AZURE_CLIENT_ID)
    assert.deepEqual(rest, {
      resourceId: vaultId().toUpperCase(),
      operationName: 'SecretGet',
      category: 'AuditEvent',
      resultType: 'Success',
      resultSignature: 'OK',
      resultDescription: '',
      callerIpAddress: '127.0.0.1',
      correlationId: number,
    })
    const { series, number: position, ...plain } = properties
    assert.ok(series !== '' && position > 0)
    assert.deepEqual(plain, {
      id: json.id,
      clientInfo: 'test/1',
      httpStatusCode: 200,
      requestUri: json.id,
      isRbacAuthorized: true,
      outcome: 'done',
    })
  })

  it('holds no value, no token and no query', async () => {
    await read('db', { headers: { 'user-agent': 'curl' } })
    const text = JSON.stringify(
      await journal({ limit: 1000, resource: `/subscriptions/${house.cardea.installation.subscription}` }),
    )
    assert.doesNotMatch(text, /never-in-a-journal|eyJ|api-version/)
  })

  it('shows one who may read the journal of one vault that vault alone', async () => {
    await house.ask(house.storeHost, 'GET', '/kv?api-version=2023-11-01', {
      token: await house.developerToken(`https://${house.storeHost}`),
    })
    const auditor = await house.newcomer('auditor')
    await house.assign(auditor.principal, builtInRoles.contributor, vaultId())
    const theirs = await auditor.token(management)
    const { value } = await journal({ resource: vaultId(), limit: 1000 }, theirs)
    assert.ok(value.length > 0)
    assert.deepEqual(new Set(value.map(({ resourceId }) => resourceId)), new Set([vaultId().toUpperCase()]))
    for (const resource of [undefined, '/', storeId(), `${vaultId()}2`, vaultId().slice(0, -1), '']) {
      const query = resource === undefined ? '' : `?resource=${encodeURIComponent(resource)}`
      const { status } = await house.ask(managementHost, 'GET', `/.cardea/journal${query}`, { token: theirs })
      assert.equal(status, 403, String(resource))
    }
  })

  it('shows one who may read the journal of one secret nothing of another that begins alike', async () => {
    for (const name of ['one', 'one-more']) {
      await house.ask(house.vaultHost, 'PUT', `/secrets/${name}?${version}`, { token, body: { value: 'x' } })
    }
    const { value } = await journal({ resource: `${vaultId()}/secrets/ONE` })
    assert.deepEqual(
      value.map(({ properties }) => new URL(properties.id).pathname.split('/')[2]),
      ['one'],
    )
  })

  it('finds by caller, operation and end', async () => {
    const stranger = await house.newcomer('somebody')
    await read('db', { token: await stranger.token() })
    const denied = (await journal({ caller: stranger.principal.objectId, outcome: 'failure' })).value
    assert.deepEqual(
      denied.map(({ operationName, resultType, resultSignature, properties }) => [
        ...[operationName, resultType, resultSignature, properties.httpStatusCode, properties.isRbacAuthorized],
      ]),
      [['SecretGet', 'Forbidden', 'Forbidden', 403, false]],
    )
    assert.equal((await journal({ caller: stranger.principal.objectId, outcome: 'success' })).value.length, 0)
    assert.equal((await journal({ caller: stranger.principal.appId, outcome: 'forbidden' })).value.length, 1)
    assert.equal((await journal({ operation: 'secretset', outcome: 'success' })).value.length >= 1, true)
  })

  it('has who was refused a token as unauthenticated, and who was refused after permission as permitted', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = new URLSearchParams({
      ...{ grant_type: 'client_credentials', client_id: (await house.newcomer('guessed at')).principal.appId },
      ...{ client_secret: 'wrong', scope: 'https://vault.cardea.internal/.default' },
    }).toString()
    await house.ask(house.loginHost, 'POST', '/organizations/oauth2/v2.0/token', { headers: form, body })
    await read('no-such-secret')
    const ends = async (resource: string, outcome: string) =>
      (await journal({ resource, outcome })).value
        .map(({ operationName, properties }) => [
          ...[operationName, properties.httpStatusCode, properties.isRbacAuthorized],
        ])
        .at(-1)
    assert.deepEqual(await ends('/', 'unauthenticated'), ['TokenIssue', 401, false])
    assert.deepEqual(await ends(vaultId(), 'not-found'), ['SecretGet', 404, true])
  })

  it('counts the steps of a rotation among what went well', async () => {
    const body = { provider: 'random', binding: {}, intervalSeconds: null }
    await house.ask(house.vaultHost, 'PUT', '/.cardea/secrets/rotated/rotation', { token, body })
    const resource = `${vaultId()}/secrets/rotated`
    const steps = async (outcome: string) =>
      (await journal({ resource, outcome, operation: 'RotationStep' })).value.map(
        ({ properties }) => properties.outcome,
      )
    await until('a value is made and tried', async () => (await steps('success')).includes('verified'))
    assert.deepEqual(await steps('failure'), [])
  })

  it('comes in pages that lose and repeat nothing', async () => {
    for (let count = 0; count < 7; count += 1) await read()
    const to = new Date().toISOString()
    const whole = (await journal({ to, limit: 1000, resource: vaultId() })).value
    const pages: AuditEvent[] = []
    let next: string | null =
      `${management}/.cardea/journal?${new URLSearchParams({ to, limit: '3', resource: vaultId() })}`
    while (next !== null) {
      const { pathname, search, origin } = new URL(next)
      assert.equal(origin, management)
      const { json }: { json: JournalPage } = await house.ask(managementHost, 'GET', `${pathname}${search}`, {
        token: owner,
      })
      assert.ok(json.value.length <= 3)
      pages.push(...json.value)
      next = json.nextLink
    }
    assert.deepEqual(pages, whole)
  })

  it('goes on from the time that was asked for, however the parameter is spelled', async () => {
    const from = '2020-01-31T00:00:00.000Z'
    for (const name of ['from', 'From', 'FROM', '%66rom']) {
      const { json } = await house.ask(managementHost, 'GET', `/.cardea/journal?${name}=${from}&limit=1`, {
        token: owner,
      })
      const next = new URL(json.nextLink).searchParams
      assert.deepEqual(next.getAll('from'), [from], name)
      assert.deepEqual([...next.keys()].sort(), ['after', 'from', 'limit', 'to'])
    }
  })

  it('has links to the name that everybody knows, however the host and the path were spelled', async () => {
    const { json } = await house.ask(`${managementHost.toUpperCase()}.:8443`, 'GET', '//.cardea//journal?limit=1', {
      token: owner,
    })
    const { origin, pathname, search } = new URL(json.nextLink)
    assert.equal(origin, management)
    assert.equal((await house.ask(managementHost, 'GET', `${pathname}${search}`, { token: owner })).status, 200)
  })

  for (const [what, query] of [
    ['a time that is none', 'from=yesterday'],
    ['a month that is none', 'from=2026-13-01'],
    ['a day that no month has', 'from=2026-02-30'],
    ['a limit beyond all', 'limit=100000'],
    ['a limit of nothing', 'limit=0'],
    ['a cursor of another kind', 'after=AAAA'],
    ['a cursor that is no base64', 'after=%00'],
    ['a resource with a way out of it', 'resource=%2F..%2Fx'],
    ['two resources', 'resource=%2F&resource=%2Fa'],
    ['a caller with a quote', "caller=x'or'1"],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const everywhere = await house.newcomer(what)
      await house.assign(everywhere.principal, builtInRoles.owner, '/')
      const { status } = await house.ask(managementHost, 'GET', `/.cardea/journal?${query}`, {
        token: await everywhere.token(management),
      })
      assert.equal(status, 400)
    })
  }

  it('keeps its lines whole, whatever a stranger sends', async () => {
    const everywhere = await house.newcomer('of the whole house')
    await house.assign(everywhere.principal, builtInRoles.owner, '/')
    await house.ask(house.vaultHost, 'GET', `/secrets/x%0d%0a{"category":"forged"}%00%e2%80%a8y?${version}`, {
      token,
      headers: { 'user-agent': '=HYPERLINK("x")\tz', 'x-ms-client-request-id': '+1' },
    })
    const { value } = await journal({ resource: '/', limit: 1000 }, await everywhere.token(management))
    for (const record of value) assert.doesNotMatch(JSON.stringify(record), /[\r\n]|\\[rnt0]|\\u00/)
  })
})

describe('the readers of a secret', () => {
  const readers = async (name: string): Promise<Reader[]> => {
    const { status, json } = await house.ask(house.vaultHost, 'GET', `/.cardea/secrets/${name}/readers`, { token })
    assert.equal(status, 200)
    return json.value
  }
  const database = () => house.cardea.base.database

  it('are known by version and identity, with the last time and how often', async () => {
    const set = async () => {
      const body = { value: 'x' }
      const { json } = await house.ask(house.vaultHost, 'PUT', `/secrets/Watched?${version}`, { token, body })
      return (json.id as string).split('/').at(-1) as string
    }
    const first = await set()
    await read('watched')
    await read(`WATCHED/${first}`)
    const second = await set()
    await read('watched')
    const app = await house.newcomer('app')
    await house.assign(app.principal, builtInRoles.keyVaultSecretsUser, vaultId())
    await read('watched', { token: await app.token() })
    await read('watched', { token: await (await house.newcomer('denied')).token() })
    await gatherReadings(database())
    const told = (await readers('watched')).map(({ version, appId, times }) => ({ version, appId, times }))
    const developer = house.env.AZURE_CLIENT_ID
    assert.deepEqual(
      new Set(told.map((line) => JSON.stringify(line))),
      new Set(
        [
          { version: first, appId: developer, times: 2 },
          { version: second, appId: developer, times: 1 },
          { version: second, appId: app.principal.appId, times: 1 },
        ].map((line) => JSON.stringify(line)),
      ),
    )
    await gatherReadings(database())
    assert.equal((await readers('watched')).length, 3, 'nothing is counted twice')
    assert.ok(Math.abs(((await readers('watched'))[0]?.lastRead ?? 0) - Date.now() / 1000) < 60)
  })

  it('are gathered once when two nodes gather at the same time', async () => {
    await house.ask(house.vaultHost, 'PUT', `/secrets/twice?${version}`, { token, body: { value: 'x' } })
    for (let count = 0; count < 5; count += 1) await read('twice')
    await Promise.all([gatherReadings(database()), gatherReadings(database()), gatherReadings(database())])
    assert.deepEqual(
      (await readers('twice')).map(({ times }) => times),
      [5],
    )
  })

  it('are gathered up to where the journal was, and not beyond, while others go on reading', async () => {
    const entry = {
      operation: 'SecretGet',
      resource: `${vaultId()}/secrets/busy/${'0'.repeat(32)}`,
      caller: { objectId: 'somebody', appId: 'something' },
      outcome: 'done',
      circumstances: inside,
    } as const
    const many = 500
    let [reads, gathered] = [0, false]
    const reader = async () => {
      for (; !gathered && reads < many; reads += 1) await database().witness(entry, undefined)
    }
    const reading = Promise.all(Array.from({ length: 8 }, reader))
    await gatherReadings(database())
    gathered = true
    await reading
    assert.ok(reads < many, 'it went on for as long as there were readers')
  })

  it('are forgotten with the secret’s purge', async () => {
    await house.ask(house.vaultHost, 'PUT', `/secrets/gone?${version}`, { token, body: { value: 'x' } })
    await read('gone')
    await house.ask(house.vaultHost, 'DELETE', `/secrets/gone?${version}`, { token })
    await gatherReadings(database())
    assert.equal((await readers('gone')).length, 1)
    await house.ask(house.vaultHost, 'DELETE', `/deletedsecrets/gone?${version}`, { token })
    await gatherReadings(database())
    assert.deepEqual(await readers('gone'), [])
  })
})
