import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { asks, at } from './testing/asks.ts'
import { type RunningStore, runningStore, type Sent, version } from './testing/store.ts'

/** People whose role is narrowed to some settings by a condition. */
const { fill } = asks(() => here)
const key = '@Resource[Microsoft.AppConfiguration/configurationStores/keyValues:key]'
const label = '@Resource[Microsoft.AppConfiguration/configurationStores/keyValues:label]'
const team = '@Resource[Microsoft.AppConfiguration/configurationStores/keyValues/tags:team]'

type Asking = (method: string, path: string, sent?: Sent) => ReturnType<RunningStore['plain']>
async function person(condition: string, role: { readonly id: string }): Promise<Asking> {
  const { principal, token } = await here.house.newcomer(`somebody with ${condition}`)
  await here.house.assign(principal, role, here.store.resourceId, condition)
  const bearer = await token(`https://${here.host}`)
  return (method, path, { body, headers } = {}) =>
    here.house.ask(here.host, method, path, { token: bearer, body, ...(headers && { headers }) })
}
const reader = (condition: string) => person(condition, builtInRoles.appConfigurationDataReader)
const owner = (condition: string) => person(condition, builtInRoles.appConfigurationDataOwner)

const here = await runningStore()
after(() => here[Symbol.asyncDispose]())
for (const name of ['app1:a', 'app1:b', 'app2:a', 'App1:x', 'app1']) await here.put(name, '1', '&label=l')
await here.send('PUT', at('app2:tagged'), { body: { value: '1', tags: { team: 'red' } } })
await here.put('app2:snap', '1')
await here.send('PUT', `/snapshots/all?${version}`, {
  body: { filters: [{ key: '*', label: '*' }], composition_type: 'key_label' },
})

const names = async (ask: Asking, path: string) => {
  const { status, json, text } = await ask('GET', path)
  assert.equal(status, 200, text)
  return json.items.map((item: { key?: string; name?: string }) => item.key ?? item.name)
}

describe('a reader of keys that begin with app1:', () => {
  let ask: Asking
  before(async () => {
    ask = await reader(`${key} StringStartsWith 'app1:'`)
  })

  it('reads those, and is told of one that isn’t there', async () => {
    assert.equal((await ask('GET', at('app1:a', '&label=l'))).json.value, '1')
    assert.equal((await ask('GET', at('app1:none'))).status, 404)
  })

  it('is refused another key in the same words whether it is there or not', async () => {
    const answers = await Promise.all(
      ['app2:a', 'app2:none', 'App1:x', 'app1'].map((name) => ask('GET', at(name, '&label=l'))),
    )
    assert.deepEqual(
      answers.map(({ status, text }) => [status, text]),
      Array(4).fill([403, answers[0]?.text]),
    )
  })

  it('sees no other in any list', async () => {
    const seen = ['app1:a', 'app1:b']
    for (const path of [`/kv?${version}`, `/kv?key=*&label=l&${version}`, `/revisions?${version}`, `/keys?${version}`])
      assert.deepEqual(await names(ask, path), seen, path)
    assert.deepEqual(await names(ask, `/labels?${version}`), ['l'])
    assert.deepEqual(await names(ask, `/kv?key=app2:*&${version}`), [])
    const ranged = await ask('GET', `/revisions?${version}`, { headers: { range: 'items=0-0' } })
    assert.equal(ranged.headers['content-range'], 'items 0-0/2')
  })

  it('learns nothing of others from etags and page ends', async () => {
    const etag = async () => (await ask('HEAD', `/kv?${version}`)).headers.etag
    const before = await etag()
    await fill('app2:many', 0, 130)
    assert.equal(await etag(), before)
    assert.equal((await ask('GET', `/kv?${version}`)).headers.link, undefined)
    await here.put('app1:b', '2', '&label=l')
    assert.notEqual(await etag(), before)
  })

  it('is shown its part of a snapshot, and not what tells of all of it', async () => {
    assert.deepEqual(await names(ask, `/kv?snapshot=all&${version}`), ['app1:a', 'app1:b'])
    for (const path of [`/snapshots?${version}`, `/snapshots/all?${version}`, `/operations?snapshot=all&${version}`])
      assert.equal((await ask('GET', path)).status, 403, path)
  })

  it('is given full pages of what it may see, however much lies between', async () => {
    await fill('app1:page/', 0, 150)
    const first = await ask('GET', `/kv?key=app1:page*&${version}`)
    assert.equal(first.json.items.length, 100)
    const second = await ask('GET', first.json['@nextLink'])
    assert.equal(second.json.items.length, 50)
  })
})

describe('a condition', () => {
  it('may be about labels, "no label" being the empty text, and about tags', async () => {
    const unlabelled = await reader(`${label} StringEquals ''`)
    assert.deepEqual(await names(unlabelled, `/kv?key=app2:tagged,app1:a&${version}`), ['app2:tagged'])
    const red = await reader(`${team} StringEquals 'red'`)
    assert.deepEqual(await names(red, `/kv?${version}`), ['app2:tagged'])
    assert.equal((await red('GET', at('app2:tagged'))).status, 200)
    assert.equal((await red('GET', at('app2:snap'))).status, 403)
    assert.equal((await red('GET', at('app2:none'))).status, 403)
    assert.deepEqual(await names(await reader(`${team} StringEquals 'Red'`), `/kv?${version}`), [])
  })

  it('that lets lists pass still hides what it is about', async () => {
    const ask = await reader(`NotExists ${key} OR ${key} StringStartsWith 'app1:a'`)
    assert.deepEqual(await names(ask, `/kv?${version}`), ['app1:a'])
  })

  it('holds for writing, locking and deleting', async () => {
    const ask = await owner(`${key} StringStartsWith 'mine:'`)
    const body = { value: 'v' }
    assert.equal((await ask('PUT', at('mine:a'), { body })).status, 200)
    assert.equal((await ask('PUT', `/locks/mine:a?${version}`)).status, 200)
    assert.equal((await ask('DELETE', `/locks/mine:a?${version}`)).status, 200)
    assert.equal((await ask('DELETE', at('mine:a'))).status, 200)
    for (const [method, path] of [
      ['PUT', at('app2:snap')],
      ['DELETE', at('app2:snap')],
      ['DELETE', at('app2:none')],
      ['PUT', `/locks/app2:snap?${version}`],
    ] as const) {
      const heard = await ask(method, path, { ...(method === 'PUT' && { body }), headers: { 'if-match': '"x"' } })
      assert.equal(heard.status, 403, `${method} ${path}`)
    }
    assert.equal((await here.send('GET', at('app2:snap'))).json.value, '1')
  })

  it('about tags holds for what a setting is and for what it becomes', async () => {
    const ask = await owner(`${team} StringEquals 'red'`)
    const put = async (name: string, tags: Record<string, string>) =>
      (await ask('PUT', at(name), { body: { value: 'v', tags } })).status
    assert.equal(await put('red/new', { team: 'red' }), 200)
    assert.equal(await put('red/new', { team: 'blue' }), 403)
    assert.equal(await put('app2:snap', { team: 'red' }), 403)
    assert.equal(await put('red/none', {}), 403)
  })

  it('lets nobody make a snapshot who may not see all', async () => {
    const ask = await owner(`${key} StringStartsWith 'app1:'`)
    const body = { filters: [{ key: '*' }] }
    assert.equal((await ask('PUT', `/snapshots/mine?${version}`, { body })).status, 403)
  })
})
