import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { openHouse } from '../../testing/house.ts'
import { encoded, graphHost, graphOf, pointerTo, signInBy } from './testing/graph.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const graph = graphOf(house, () => house.developerToken(`https://${graphHost}`))

const newApplication = (displayName: string, rest: object = {}) =>
  graph.done('POST', '/applications', { displayName, ...rest })

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
    const token = (await signInBy(house, app.appId, { client_secret: secretText })).json.access_token
    assert.equal((await graph.ask('DELETE', `/applications/${app.id}`)).status, 204)
    assert.equal((await house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })).status, 403)
    assert.equal((await signInBy(house, app.appId, { client_secret: secretText })).json.error_codes[0], 700016)
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
