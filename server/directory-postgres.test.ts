import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { encoded, type Graph, graphHost, graphOf, newUser, pointerTo } from './planes/directory/testing/graph.ts'
import { type House, openHouse } from './testing/house.ts'

const postgres = needs('PostgreSQL', findPostgres)

describe('a directory in PostgreSQL', { skip: postgres.skip }, () => {
  let database: TestPostgres
  let house: House
  let graph: Graph
  before(async () => {
    database = await startPostgres()
    house = await openHouse({ env: { CARDEA_DATABASE: database.url() } })
    graph = graphOf(house, () => house.developerToken(`https://${graphHost}`))
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  it('keeps applications with what proves them, and lists them a page at a time', async () => {
    const made = []
    for (const name of ['a', 'b', 'c'])
      made.push(await graph.done('POST', '/applications', { displayName: `page ${name}` }))
    const filter = encoded("startswith(displayName,'page ')")
    const first = await graph.done('GET', `/applications?$filter=${filter}&$top=2`)
    const second = await graph.done('GET', first['@odata.nextLink'].replace(/^https:\/\/[^/]+\/v1\.0/, ''))
    const ids = [...first.value, ...second.value].map(({ id }: { id: string }) => id)
    assert.deepEqual(ids, made.map(({ id }) => id).toSorted())
    const [{ id, appId }] = made
    await graph.done('POST', '/servicePrincipals', { appId })
    const { keyId } = await graph.done('POST', `/applications/${id}/addPassword`, {})
    assert.equal((await graph.ask('POST', `/applications/${id}/removePassword`, { keyId })).status, 204)
    assert.equal((await graph.ask('DELETE', `/applications/${id}`)).status, 204)
  })

  it('keeps people and groups, each name once', async () => {
    const given = newUser('once')
    const both = await Promise.all([1, 2].map(() => graph.ask('POST', '/users', given)))
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [201, 409])
    const person = await graph.done('GET', `/users/${given.userPrincipalName}`)
    const group = await graph.done('POST', '/groups', { displayName: 'of one' })
    await graph.done('POST', `/groups/${group.id}/members/$ref`, pointerTo(person.id))
    assert.equal((await graph.done('GET', `/users/${person.id}/memberOf`)).value[0].id, group.id)
    assert.equal((await graph.ask('DELETE', `/users/${person.id}`)).status, 204)
    assert.deepEqual((await graph.done('GET', `/groups/${group.id}/members`)).value, [])
  })

  it('keeps managed identities below their group', async () => {
    const token = await house.developerToken('https://management.cardea.internal')
    const list = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.ManagedIdentity/userAssignedIdentities`
    const ask = (method: string, path: string, body?: object) =>
      house.ask('management.cardea.internal', method, `${path}?api-version=2023-01-31`, { token, body })
    assert.equal((await ask('PUT', `${list}/web`, { location: 'local' })).status, 201)
    assert.equal((await ask('GET', list)).json.value.length, 1)
    assert.equal((await ask('DELETE', `${list}/web`)).status, 200)
    assert.deepEqual((await ask('GET', list)).json.value, [])
  })
})
