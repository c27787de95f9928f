import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { builtInRoles } from '@cardea/contract/roles'
import { createLog } from '#base/log.ts'
import { inside } from '#core/audit/entry.ts'
import type { Selection } from '#core/configuration/setting.ts'
import type { SnapshotDraft } from '#core/configuration/snapshot.ts'
import { askForSnapshot } from '#core/configuration/snapshots.ts'
import { perform } from '#core/perform.ts'
import { closeStore } from '#core/resources/store-life.ts'
import { liveStore } from '#core/vaults/vaults.ts'
import { snapshotKeeper } from '#workers/snapshot-keeper.ts'
import { overtaken } from '../../../testing/overtaken.ts'
import { until } from '../../../testing/subscribing.ts'
import { managerOf, storePath } from '../../management/testing/manager.ts'
import { asks, at } from '../testing/asks.ts'
import { runningStore, version } from '../testing/store.ts'

let ahead = 0
const { ok, problem, fill, get } = asks(() => here)
const here = await runningStore({}, { clock: () => Date.now() + ahead })
after(() => here[Symbol.asyncDispose]())

const newest = 'api-version=2026-04-01'
const path = (name: string, v = version) => `/snapshots/${name}?${v}`
const make = (name: string, body: unknown, v = version) => ok('PUT', path(name, v), { body })
/** Waits until a snapshot is made, and says how that went. */
async function made(name: string) {
  for (let waits = 0; waits < 500; waits += 1) {
    const { json, headers } = await ok('GET', `/operations?${version}&snapshot=${name}`)
    if (json.status !== 'Running') return json
    assert.ok(headers['retry-after'])
    await wait(10)
  }
  assert.fail(`${name} is not made`)
}
const content = async (name: string) =>
  (await ok('GET', `/kv?${version}&snapshot=${name}`)).json.items.map(
    ({ key, label, value }: { key: string; label: string | null; value: string }) => `${key}|${label ?? ''}=${value}`,
  )

const means: Selection = { key: { kind: 'any' }, label: { kind: 'these', these: [undefined] }, tags: [] }
const said = { key: '*', label: undefined, tags: undefined }
const draft: SnapshotDraft = {
  filters: [{ said, means }],
  composition: undefined,
  retentionSeconds: undefined,
  tags: {},
  description: undefined,
}

describe('a snapshot', () => {
  it('is asked for, made, and shows what was then', async () => {
    for (const [key, label] of [
      ['s/a', ''],
      ['s/b', ''],
      ['s/b', 'x'],
      ['t', ''],
    ])
      await here.put(key as string, '1', `&label=${label}`)
    const body = {
      filters: [{ key: 's/*' }],
      tags: { a: '1' },
      description: 'why',
      retention_period: 3_600,
      name: 'passed over',
      status: 'ready',
    }
    const { status, json, headers } = await make('first', body, newest)
    assert.equal(status, 201)
    assert.deepEqual(Object.keys(json), [
      ...['name', 'status', 'filters', 'composition_type', 'created', 'expires', 'retention_period'],
      ...['size', 'items_count', 'tags', 'description', 'etag'],
    ])
    assert.deepEqual(
      [json.name, json.status, json.filters, json.composition_type, json.expires, json.retention_period],
      ['first', 'provisioning', [{ key: 's/*', label: null }], 'key', null, 3_600],
    )
    assert.match(
      String(headers['operation-location']),
      /^https:\/\/demo\.config\.[^/]+\/operations\?snapshot=first&api-version=2026-04-01$/,
    )
    assert.match(String(headers.link), /^<\/kv\?api-version=2026-04-01&snapshot=first>; rel="items"$/)
    assert.equal(headers['content-type'], 'application/vnd.microsoft.appconfig.snapshot+json; charset=utf-8')
    assert.deepEqual(await made('first'), { id: 'first', status: 'Succeeded', error: null })
    const ready = (await ok('GET', path('first', newest))).json
    assert.deepEqual([ready.status, ready.items_count, ready.size, ready.description], ['ready', 2, 8, 'why'])
    assert.notEqual(ready.etag, json.etag)
    await here.put('s/a', '2')
    await ok('DELETE', at('s/b'))
    assert.deepEqual(await content('first'), ['s/a|=1', 's/b|=1'])
  })

  it('holds what was when it was asked for, not when it is made', async () => {
    await here.put('moment', 'then')
    const [, , before] = await Promise.all([
      here.put('moment/other', 'x'),
      make('moment', { filters: [{ key: 'moment' }] }),
      here.put('moment', 'later'),
    ])
    assert.equal(before.status, 200)
    await made('moment')
    const revisions = (await ok('GET', `/revisions?key=moment&${version}`)).json.items.length
    assert.equal(revisions, 2)
    assert.equal((await content('moment')).length, 1)
  })

  it('composed by key has one value for each, of the later filter; by key and label, every pair', async () => {
    for (const label of ['', 'dev', 'prod']) await here.put('c/a', label || 'none', `&label=${label}`)
    await here.put('c/b', 'none')
    const filters = [{ key: 'c/*' }, { key: 'c/*', label: 'prod' }, { key: 'c/*', label: 'dev' }]
    await make('by-key', { filters })
    await make('by-both', { filters: filters.slice(0, 2), composition_type: 'key_label' })
    await make('wild', { filters: [{ key: 'c/*', label: '*' }], composition_type: 'key_label' })
    for (const name of ['by-key', 'by-both', 'wild']) await made(name)
    assert.deepEqual(await content('by-key'), ['c/a|dev=dev', 'c/b|=none'])
    assert.deepEqual(await content('by-both'), ['c/a|=none', 'c/a|prod=prod', 'c/b|=none'])
    assert.deepEqual(await content('wild'), ['c/a|=none', 'c/a|dev=dev', 'c/a|prod=prod', 'c/b|=none'])
  })

  it('is chosen by tags, too', async () => {
    await here.send('PUT', at('tagged/a'), { body: { value: '1', tags: { t: '1', u: null } } })
    await here.send('PUT', at('tagged/b'), { body: { value: '1', tags: { t: '1' } } })
    await make('tagged', { filters: [{ key: 'tagged/*', tags: ['t=1', 'u=\0'] }] })
    await made('tagged')
    assert.deepEqual(await content('tagged'), ['tagged/a|=1'])
    assert.deepEqual((await ok('GET', path('tagged'))).json.filters, [
      { key: 'tagged/*', label: null, tags: ['t=1', 'u=\0'] },
    ])
  })

  it('is read page after page', async () => {
    await fill('many/', 0, 250)
    await make('many', { filters: [{ key: 'many/*' }] })
    await made('many')
    const found: number[] = []
    for (let next: string | undefined = `/kv?${version}&snapshot=many`; next; ) {
      const { json } = await ok('GET', next)
      found.push(json.items.length)
      next = json['@nextLink']
    }
    assert.deepEqual(found, [100, 100, 50])
    const { headers } = await ok('HEAD', `/kv?${version}&snapshot=many`)
    const same = await get(`/kv?${version}&snapshot=many`, { 'if-none-match': String(headers.etag) })
    assert.equal(same.status, 304)
  })

  it('is archived, had back, and gone when its retention is over', async () => {
    await here.put('kept', '1')
    await make('kept', { filters: [{ key: 'kept' }], retention_period: 3_600 })
    await made('kept')
    const { headers } = await ok('GET', path('kept'))
    const move = (status: string, sent: Record<string, string> = {}) =>
      here.send('PATCH', path('kept'), { body: { status }, headers: sent })
    assert.equal((await move('archived', { 'if-match': '"other"' })).status, 412)
    const archived = await move('archived', { 'if-match': String(headers.etag) })
    assert.equal(archived.json.status, 'archived')
    const left = Date.parse(archived.json.expires) - Date.now() - ahead
    assert.ok(left > 3_590_000 && left <= 3_600_000, String(left))
    assert.equal((await move('archived')).json.etag, archived.json.etag)
    assert.deepEqual(await content('kept'), ['kept|=1'])
    const back = await move('ready')
    assert.deepEqual([back.json.status, back.json.expires], ['ready', null])
    await move('archived')
    ahead += 3_601_000
    assert.equal((await get(path('kept'))).status, 404)
    assert.deepEqual(await content('kept'), [])
    assert.equal((await make('kept-too', { filters: [{ key: 'kept' }] })).status, 201)
    const rows = async () =>
      (await here.house.cardea.base.database.read.run("select name from snapshot where name = 'kept'", [])).rows
    for (let waits = 0; waits < 200 && (await rows()).length > 0; waits += 1) await wait(10)
    assert.deepEqual(await rows(), [])
    assert.equal((await make('kept', { filters: [{ key: 'kept' }] })).status, 201)
  })

  it('of more than a megabyte fails, and can be neither archived nor read', async () => {
    const value = 'x'.repeat(10_000)
    await Promise.all(Array.from({ length: 110 }, (_, index) => here.put(`big/${index}`, value)))
    await make('big', { filters: [{ key: 'big/*' }] })
    const { status, error } = await made('big')
    assert.deepEqual([status, error.code], ['Failed', 'QuotaExceeded'])
    assert.equal((await ok('GET', path('big'))).json.status, 'failed')
    assert.deepEqual(await content('big'), [])
    const said = await problem(path('big'), { method: 'PATCH', body: { status: 'archived' } })
    assert.deepEqual(
      [said.status, said.type, said.title],
      [409, 'https://azconfig.io/errors/invalid-state', 'Target resource state invalid.'],
    )
  })

  it('is listed by name and state, with the members that are asked for', async () => {
    for (const name of ['l-a', 'l-b']) {
      await make(name, { filters: [{ key: 'none' }] })
      await made(name)
    }
    await here.send('PATCH', path('l-b'), { body: { status: 'archived' } })
    const names = async (query: string) =>
      (await ok('GET', `/snapshots?${version}&${query}`)).json.items.map(({ name }: { name: string }) => name)
    assert.deepEqual(await names('name=l-*'), ['l-a', 'l-b'])
    assert.deepEqual(await names('name=l-*&status=archived'), ['l-b'])
    assert.deepEqual(await names('name=l-a,l-b&status=ready,archived'), ['l-a', 'l-b'])
    assert.deepEqual((await ok('GET', `/snapshots?${version}&name=l-a&$select=name,size`)).json.items, [
      { name: 'l-a', size: 0 },
    ])
    assert.equal((await problem(`/snapshots?${version}&status=lost`)).name, 'status')
    assert.equal((await here.send('HEAD', `/snapshots?${version}`)).status, 200)
    assert.equal((await here.send('HEAD', path('l-a'))).status, 200)
  })

  const bad: [string, unknown, string][] = [
    ['no filters', {}, 'filters'],
    ['an empty list of filters', { filters: [] }, 'filters'],
    ['four filters', { filters: Array(4).fill({ key: 'a' }) }, 'filters'],
    ['a filter without a key', { filters: [{ label: 'a' }] }, 'filters[0].key'],
    ['a key with a star in the middle', { filters: [{ key: 'a*b' }] }, 'filters[0].key'],
    ['labels by wildcard, composed by key', { filters: [{ key: '*', label: 'a*' }] }, 'filters[0].label'],
    ['a list of labels, composed by key', { filters: [{ key: '*', label: 'a,b' }] }, 'filters[0].label'],
    ['a tag without a value', { filters: [{ key: '*', tags: ['a'] }] }, 'filters[0].tags'],
    ['an unknown composition', { filters: [{ key: '*' }], composition_type: 'label' }, 'composition_type'],
    ['too short a retention', { filters: [{ key: '*' }], retention_period: 3_599 }, 'retention_period'],
    ['too long a retention', { filters: [{ key: '*' }], retention_period: 7_776_001 }, 'retention_period'],
    ['tags that are no texts', { filters: [{ key: '*' }], tags: { a: 1 } }, 'tags.a'],
  ]
  for (const [what, body, name] of bad) {
    it(`with ${what} is refused, and told where`, async () => {
      const said = await problem(path('bad'), { method: 'PUT', body })
      assert.deepEqual([said.status, said.name], [400, name])
    })
  }

  it('has a name without control characters and "%", of at most 256 characters', async () => {
    for (const name of ['a%00', 'a%25', 'x'.repeat(257)])
      assert.equal((await here.send('PUT', path(name), { body: { filters: [{ key: '*' }] } })).status, 400, name)
    assert.equal((await make('n/a%20%C3%BC', { filters: [{ key: 'none' }] })).json.name, 'n/a ü')
  })

  it('excludes other filters where its content is read', async () => {
    for (const query of ['key=a', 'label=a', 'tags=a%3Db'])
      assert.equal((await problem(`/kv?${version}&snapshot=first&${query}`)).name, 'snapshot')
  })

  it('may not be made by a read-only key, and its making and moving are told', async () => {
    const key = await here.addKey(here.store, true)
    assert.equal((await here.send('PUT', path('mine'), { key, body: { filters: [{ key: '*' }] } })).status, 403)
    assert.equal((await here.send('GET', path('first'), { key })).status, 200)
    const { rows } = await here.house.cardea.base.database.read.run(
      "select type from change where name = 'kept-too' order by sequence",
      [],
    )
    assert.deepEqual(
      rows.map((row) => (row as { type: string }).type),
      ['snapshot-created', 'snapshot-modified'],
    )
  })

  it('fails when who asked for it loses the right to before it is made', async () => {
    const { base } = here.house.cardea
    const { principal } = await here.house.newcomer('maker')
    const revoke = await here.house.assign(principal, builtInRoles.appConfigurationDataOwner, here.store.resourceId)
    const caller = { objectId: principal.objectId, appId: principal.appId }
    const resource = here.store.resourceId
    const intent = { caller, action: 'snapshots/write', resource, operation: 'Test', circumstances: inside } as const
    // Both are done in one turn, of which the worker sees the end.
    await Promise.all([
      perform(base, intent, (scope) => askForSnapshot(scope, here.store, 'lost', draft, caller)),
      revoke(),
    ])
    const { status, error } = await made('lost')
    assert.deepEqual([status, error.code], ['Failed', 'ServerError'])
  })

  it('of a store that is deleted before it is made waits until the store is back, and is no failure', async () => {
    const lines: string[] = []
    let later = 0
    const log = createLog('info', { write: (line) => lines.push(line) })
    await using there = await runningStore({}, { log, clock: () => Date.now() + later })
    const { base } = there.house.cardea
    const { principal } = await there.house.newcomer('maker')
    await there.house.assign(principal, builtInRoles.appConfigurationDataOwner, there.store.resourceId)
    const caller = { objectId: principal.objectId, appId: principal.appId }
    const resource = there.store.resourceId
    const intent = { caller, action: 'snapshots/write', resource, operation: 'Test', circumstances: inside } as const
    const store = await liveStore(base.database.read, 'demo')
    assert.ok(store)
    await perform(base, intent, async (scope) => {
      await askForSnapshot(scope, store, 'patient', draft, caller)
      await closeStore(scope, store)
    })
    // That nobody may write there now is no fault of whoever asked.
    const { vaults, lease } = await overtaken(there.house.cardea, until, {
      kind: 'snapshot',
      subject: 'demo/patient',
      store,
    })
    await snapshotKeeper({ base, vaults }).run(lease, new AbortController().signal)
    const manager = await managerOf(there.house)
    const body = { location: 'local', sku: { name: 'standard' }, properties: { createMode: 'Recover' } }
    const back = await manager.ask('PUT', storePath('demo'), body)
    assert.ok(back.status < 300, back.text)
    later += 61_000
    await base.database.write(async (turn) => turn.stir())
    await until(async () => (await there.send('GET', path('patient'))).json.status === 'ready')
    assert.deepEqual(
      lines.filter((line) => line.includes('failed')),
      [],
    )
  })
})
