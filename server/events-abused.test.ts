import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { builtInRoles } from '@cardea/contract/roles'
import {
  managementAudience,
  managementHost,
  managerOf,
  storePath,
  vaultPath,
} from './planes/management/testing/manager.ts'
import { type House, openHouse } from './testing/house.ts'
import { asCloud, asGrid, type HeardThere, openWebHook, reaching, type Said } from './testing/receiver.ts'
import { until } from './testing/subscribing.ts'

const vault = vaultPath('demo')
const at = (name = 'listener') => `${vault}/providers/Microsoft.EventGrid/eventSubscriptions/${name}`
const body = (endpointUrl: string, terms: object = {}, destination: object = {}) => ({
  properties: { destination: { endpointType: 'WebHook', properties: { endpointUrl, ...destination } }, ...terms },
})
const stateOf = async (house: House, name?: string): Promise<string> =>
  (await (await managerOf(house)).ask('GET', at(name))).json.properties.provisioningState
const setSecret = async (house: House, name: string) =>
  house.ask(house.vaultHost, 'PUT', `/secrets/${name}?api-version=7.4`, {
    token: await house.developerToken(),
    body: { value: 'v' },
  })

describe('an event subscription in bad hands', () => {
  it('never gets events to an address by what another has answered, not in the same millisecond either', async () => {
    let answer: (said: Said) => void = () => undefined
    await using mine = await openWebHook((heard) => {
      const said = asGrid(heard)
      return new Promise<Said>((resolve) => {
        answer = () => resolve(said)
      })
    })
    await using theirs = await openWebHook(() => ({ status: 200 }))
    // A clock that stands still: whatever is changed is changed in one moment.
    const now = Date.now()
    await using house = await openHouse({ ...reaching(mine, theirs), clock: () => now })
    const manager = await managerOf(house)
    assert.equal((await manager.ask('PUT', at(), body(mine.url))).status, 201)
    await until(() => mine.heard.length === 1)
    assert.equal((await manager.ask('PUT', at(), body(theirs.url))).status, 201)
    answer({ status: 200 })
    await until(() => theirs.heard.length === 1)
    await until(async () => (await stateOf(house)) === 'AwaitingManualAction')
    await setSecret(house, 'x')
    await wait(100)
    assert.deepEqual(theirs.events(), [])
  })

  it('keeps no write from being done by what its filter or its headers are called', async () => {
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    const odd = ['__proto__', 'constructor', 'toString', 'valueOf', '__proto__.x', 'data.__proto__.constructor']
    const terms = {
      filter: {
        advancedFilters: odd.map((key) => ({ operatorType: 'StringNotContains', key, values: ['function'] })),
      },
    }
    const deliveryAttributeMappings = [
      { name: '__proto__', type: 'Static', properties: { value: 'a' } },
      { name: 'constructor', type: 'Static', properties: { value: 'b' } },
      { name: 'toString', type: 'Static', properties: { value: 'c', isSecret: true } },
      { name: 'hasOwnProperty', type: 'Dynamic', properties: { sourceField: 'constructor' } },
    ]
    const put = await manager.ask('PUT', at(), body(hook.url, terms, { deliveryAttributeMappings }))
    assert.equal(put.status, 201, put.text)
    await until(async () => (await stateOf(house)) === 'Succeeded')
    assert.equal((await setSecret(house, 'x')).status, 200)
    await until(() => hook.events().length === 1)
    const { headers } = hook.heard.at(-1) as HeardThere
    assert.deepEqual([headers.constructor, headers.tostring, headers.hasownproperty], ['b', 'c', undefined])
    const { properties } = (await manager.ask('GET', at())).json.properties.destination
    assert.deepEqual(
      properties.deliveryAttributeMappings.map(({ properties: { value } }: never) => value),
      ['a', 'b', null, undefined],
    )
  })

  it('shows a reader of resources no names of secrets in what could not be delivered', async () => {
    await using hook = await openWebHook((heard) =>
      heard.headers['aeg-event-type'] === 'Notification' ? { status: 400 } : asGrid(heard),
    )
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    await manager.ask('PUT', at(), body(hook.url))
    await until(async () => (await stateOf(house)) === 'Succeeded')
    await setSecret(house, 'project-mercury')
    await until(async () => (await manager.ask('GET', `${at()}/deadLetters`)).text.includes('project-mercury'))
    const reader = await house.newcomer('reader')
    await house.assign(reader.principal, builtInRoles.reader, `/subscriptions/${manager.subscription}`)
    const token = await reader.token(managementAudience)
    assert.equal((await manager.ask('GET', at(), undefined, { token })).status, 200)
    const heard = await manager.ask('GET', `${at()}/deadLetters`, undefined, { token })
    assert.equal(heard.status, 403)
    assert.doesNotMatch(heard.text, /mercury/)
    assert.equal((await manager.ask('POST', `${at()}/replayDeadLetters`, {}, { token })).status, 403)
  })

  it('at the top is the operator’s own, whom the settings name: nobody has it go elsewhere', async () => {
    await using theirs = await openWebHook(asCloud)
    await using house = await openHouse({
      ...reaching(theirs),
      env: { ...reaching(theirs).env, CARDEA_EVENTS_URL: 'http://127.0.0.1:9/' },
    })
    const owner = await house.newcomer('owner of everything')
    await house.assign(owner.principal, builtInRoles.owner, '/')
    const token = await owner.token(managementAudience)
    const path = '/providers/Microsoft.EventGrid/eventSubscriptions/cardea-events-url?api-version=2022-06-15'
    const ask = (method: string, given?: object) =>
      house.ask(managementHost, method, path, { token, ...(given !== undefined && { body: given }) })
    const before = await ask('GET')
    assert.equal(before.status, 200, before.text)
    for (const given of [body(theirs.url).properties, { labels: ['mine'] }]) {
      const heard = await ask('PATCH', given)
      assert.equal(heard.status, 400, heard.text)
    }
    assert.deepEqual((await ask('GET')).json, before.json)
    await wait(50)
    assert.deepEqual(theirs.heard, [])
  })

  it('at a group that is gone hears nothing of another of its name', async () => {
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    const group = '/resourceGroups/passing'
    const place = `${group}/providers/Microsoft.EventGrid/eventSubscriptions/listener`
    const make = async () => assert.ok((await manager.ask('PUT', group, { location: 'local' })).status < 300)
    await make()
    assert.equal((await manager.ask('PUT', place, body(hook.url))).status, 201)
    assert.ok((await manager.ask('DELETE', group)).status < 300)
    await make()
    assert.equal((await manager.ask('GET', place)).status, 404)
  })

  it('at a store tells of no secret that a setting points at, unless its scope has the vault in it, too', async () => {
    await using hook = await openWebHook(asGrid)
    await using house = await openHouse(reaching(hook))
    const manager = await managerOf(house)
    const group = '/resourceGroups/demo'
    const names = { store: storePath('demo'), group }
    for (const [name, path] of Object.entries(names)) {
      const place = `${path}/providers/Microsoft.EventGrid/eventSubscriptions/${name}`
      const all = { filter: { includedEventTypes: ['Cardea.KeyValueTargetChanged'] } }
      assert.equal((await manager.ask('PUT', place, body(hook.url, all))).status, 201)
      await until(async () => (await manager.ask('GET', place)).json.properties.provisioningState === 'Succeeded')
    }
    const put = await house.ask(house.storeHost, 'PUT', '/kv/guess?api-version=2023-11-01', {
      token: await house.developerToken(`https://${house.storeHost}`),
      headers: { 'content-type': 'application/vnd.microsoft.appconfig.kv+json' },
      body: {
        value: JSON.stringify({ uri: 'https://demo.vault.cardea.internal/secrets/mercury' }),
        content_type: 'application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8',
      },
    })
    assert.equal(put.status, 200, put.text)
    await setSecret(house, 'mercury')
    await until(() => hook.events().length === 1)
    await wait(100)
    const heard = hook.heard.filter(({ headers }) => headers['aeg-event-type'] === 'Notification')
    assert.deepEqual(
      heard.map(({ headers }) => headers['aeg-subscription-name']),
      ['GROUP'],
    )
    assert.doesNotMatch(heard[0]?.body ?? '', /mercury/)
  })
})
