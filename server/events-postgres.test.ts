import assert from 'node:assert/strict'
import { it } from 'node:test'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { managerOf, vaultPath } from './planes/management/testing/manager.ts'
import type { House } from './testing/house.ts'
import { openNodes } from './testing/nodes.ts'
import { asGrid, openWebHook, reaching } from './testing/receiver.ts'
import { until } from './testing/subscribing.ts'

const postgres = needs('PostgreSQL', findPostgres)

it('two nodes on one PostgreSQL carry each event once, and tell of an end once', { skip: postgres.skip }, async () => {
  await using database = await startPostgres()
  await using hook = await openWebHook((heard) => (heard.body.includes('poison') ? { status: 400 } : asGrid(heard)))
  {
    await using nodes = await openNodes(database.url(), reaching(hook))
    const { one, two } = nodes
    const manager = await managerOf(one)
    const path = `${vaultPath('demo')}/providers/Microsoft.EventGrid/eventSubscriptions/both`
    const destination = { endpointType: 'WebHook', properties: { endpointUrl: hook.url } }
    assert.equal((await manager.ask('PUT', path, { properties: { destination } })).status, 201)
    await until(async () => (await manager.ask('GET', path)).json.properties.provisioningState === 'Succeeded')
    const token = await one.developerToken()
    const exp = Math.floor(Date.now() / 1000) + 86_400
    const set = (on: House, name: string, attributes = {}) =>
      on.ask(on.vaultHost, 'PUT', `/secrets/${name}?api-version=7.4`, { token, body: { value: 'v', attributes } })
    await Promise.all(Array.from({ length: 40 }, (_, index) => set(index % 2 === 0 ? one : two, `s${index}`)))
    await set(two, 'soon', { exp })
    await set(one, 'poison')
    const { read } = two.cardea.base.database
    const left = async () => (await read.run('select dead from event_delivery', [])).rows as { dead: string | null }[]
    await until(async () => hook.events().length >= 43 && (await left()).every(({ dead }) => dead !== null))
    assert.deepEqual(await left(), [{ dead: 'BadRequest' }])
    assert.equal(new Set(hook.events().map(({ id }) => id)).size, 43)
    assert.equal(hook.events().length, 43)
    assert.equal(hook.events().filter(({ eventType }) => eventType.endsWith('NearExpiry')).length, 1)
  }
})
