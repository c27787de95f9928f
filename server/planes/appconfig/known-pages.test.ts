import assert from 'node:assert/strict'
import { after, before, describe, it, mock } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import type { Heard, House } from '../../testing/house.ts'
import { openNodes } from '../../testing/nodes.ts'
import { asks } from './testing/asks.ts'
import { type RunningStore, runningStore, version } from './testing/store.ts'

/** Who asks whether a page has changed is often answered without a look at its settings: and always rightly. */

type Ask = (
  method: string,
  path: string,
  given?: { headers?: Record<string, string>; body?: unknown },
) => Promise<Heard>

const lists = [
  `/kv?${version}&key=a/*`,
  `/kv?${version}&label=dev`,
  `/kv?${version}&tags=of%3Da`,
  `/kv?${version}&key=a/0005,b/0001&label=%00,dev`,
]

/** The etags of all pages of a list, read without any memory: it answers nobody who demands a state. */
async function pagesOf(ask: Ask, list: string): Promise<string[]> {
  const etags: string[] = []
  for (let next: string | undefined = list; next !== undefined; ) {
    const page = await ask('GET', next, { headers: { 'if-match': '*' } })
    assert.equal(page.status, 200, page.text)
    etags.push(String(page.headers.etag))
    next = page.json['@nextLink']
  }
  return etags
}

/** What a client hears that holds these etags: the status of each page, and the etags that it holds then. */
async function polled(ask: Ask, list: string, held: readonly string[], method = 'GET') {
  const heard: { status: number; etag: string }[] = []
  for (let next: string | undefined = list; next !== undefined; ) {
    const etag = held[heard.length]
    const page = await ask(method, next, etag === undefined ? {} : { headers: { 'if-none-match': etag } })
    heard.push({ status: page.status, etag: String(page.headers.etag) })
    next = /^<([^>]+)>; rel="next"/.exec(page.headers.link ?? '')?.[1]
  }
  return heard
}

/** Changes of every kind, each answered before the next thing is asked. */
const changes: readonly ((ask: Ask) => Promise<unknown>)[] = [
  (ask) => ask('PUT', `/kv/a/0005?${version}`, { body: { value: 'new' } }),
  (ask) => ask('PUT', `/kv/a/0005?${version}`, { body: { value: 'new' } }),
  (ask) => ask('PUT', `/kv/b/0001?${version}&label=dev`, { body: { value: 'v', tags: { of: 'a' } } }),
  (ask) => ask('PUT', `/locks/b/0001?${version}&label=dev`),
  (ask) => ask('DELETE', `/locks/b/0001?${version}&label=dev`),
  (ask) => ask('DELETE', `/kv/b/0001?${version}&label=dev`),
  (ask) => ask('PUT', `/kv/a/0200?${version}`, { body: { value: 'beyond the end' } }),
  (ask) => ask('DELETE', `/kv/a/0003?${version}`),
  (ask) => ask('PUT', `/kv/unrelated?${version}`, { body: { value: 'v' } }),
  (ask) =>
    ask('POST', '/.cardea/changesets', {
      body: {
        changes: [
          { do: 'set', key: 'a/0003', value: 'again' },
          { do: 'delete', key: 'a/0200' },
        ],
      },
    }),
]

/**
 * Polls twice after each change, so that what was remembered is asked for, and compares with what is there; that is read
 * afterwards, since it is remembered, too.
 */
async function tellsTheTruth(writer: Ask, readers: readonly Ask[]): Promise<number> {
  let same = 0
  const held = readers.map(() => new Map<string, readonly string[]>())
  for (const change of [async () => {}, ...changes]) {
    await change(writer)
    for (const list of lists) {
      const told: string[][] = []
      for (const [index, reader] of readers.entries()) {
        for (const method of ['GET', 'HEAD']) {
          const before = held[index]?.get(list) ?? []
          const heard = await polled(reader, list, before, method)
          for (const [page, { status, etag }] of heard.entries())
            assert.equal(status, before[page] === etag ? 304 : 200, `${method} ${list}, page ${page + 1}`)
          same += heard.filter(({ status }) => status === 304).length
          const etags = heard.map(({ etag }) => etag)
          held[index]?.set(list, etags)
          told.push(etags)
        }
      }
      const there = await pagesOf(writer, list)
      for (const etags of told) assert.deepEqual(etags, there, list)
    }
  }
  return same
}

const filled = async (ask: Ask): Promise<void> => {
  const body = {
    changes: Array.from({ length: 150 }, (_, index) => ({
      ...{ do: 'set', key: `a/${String(index).padStart(4, '0')}`, value: 'v', tags: { of: 'a' } },
      ...(index % 10 === 0 && { label: 'dev' }),
    })),
  }
  assert.equal((await ask('POST', '/.cardea/changesets', { body })).status, 200)
}

describe('whoever asks again for pages of a store', () => {
  let here: RunningStore
  let developer: Ask
  before(async () => {
    here = await runningStore()
    const token = await here.house.developerToken(`https://${here.host}`)
    developer = (method, path, given) => here.house.ask(here.host, method, path, { token, ...given })
    await filled(developer)
  })
  after(() => here?.[Symbol.asyncDispose]())
  const { ok } = asks(() => here)

  it('hears of every change, and of nothing else', async () => {
    assert.ok((await tellsTheTruth(developer, [here.send])) > 50)
  })

  it('is told so without a look at its settings, and the journal says that they were asked for', async () => {
    const [list] = lists as [string]
    const { headers } = await ok('GET', list)
    const { read } = here.house.cardea.base.database
    const spied = mock.method(read, 'run')
    const same = await here.send('GET', list, { headers: { 'if-none-match': String(headers.etag) } })
    const looked = spied.mock.calls.map(({ arguments: [text] }) => text)
    spied.mock.restore()
    assert.deepEqual([same.status, same.text, same.headers.link], [304, '', headers.link])
    assert.ok(looked.length > 0 && looked.every((text) => !/\bsetting/.test(text)), looked.join('\n'))
    const deed = (await here.house.deeds()).at(-1)
    assert.deepEqual([deed?.operation, deed?.outcome], ['KeyValueList', 'done'])
  })

  it('is refused from the moment on at which the right to read is gone', async () => {
    const { principal, token } = await here.house.newcomer('reads for a while')
    const { appConfigurationDataReader } = builtInRoles
    const takeAway = await here.house.assign(principal, appConfigurationDataReader, here.store.resourceId)
    const bearer = await token(`https://${here.host}`)
    const [list] = lists as [string]
    const ask = (etag: string) =>
      here.house.ask(here.host, 'GET', list, { token: bearer, headers: { 'if-none-match': etag } })
    const { etag } = (await ask('"none"')).headers
    assert.equal((await ask(String(etag))).status, 304)
    await takeAway()
    assert.equal((await ask(String(etag))).status, 403)
  })

  it('who may see a part is told of changes in that part, whatever others have asked', async () => {
    const { principal, token } = await here.house.newcomer('sees a part')
    const part = "@Resource[Microsoft.AppConfiguration/configurationStores/keyValues:key] StringStartsWith 'a/000'"
    await here.house.assign(principal, builtInRoles.appConfigurationDataReader, here.store.resourceId, part)
    const bearer = await token(`https://${here.host}`)
    const [list] = lists as [string]
    const whole = String((await ok('GET', list)).headers.etag)
    const ask = (etag: string) =>
      here.house.ask(here.host, 'GET', list, { token: bearer, headers: { 'if-none-match': etag } })
    const own = await ask(whole)
    assert.equal(own.status, 200)
    assert.equal((await ask(String(own.headers.etag))).status, 304)
    await here.put('a/0001', 'changed')
    assert.equal((await ask(String(own.headers.etag))).status, 200)
  })

  it('gets no page of the future remembered, whatever token it invents', async () => {
    const after = Buffer.from('s999999999\na/\n').toString('base64url')
    const list = `/kv?${version}&key=a/*&after=${after}`
    const { etag } = (await ok('GET', list)).headers
    const ask = () => here.send('GET', list, { headers: { 'if-none-match': String(etag) } })
    assert.equal((await ask()).status, 304)
    await here.put('a/0002', 'changed')
    assert.equal((await ask()).status, 200)
  })

  it('hears of what another store holds when that is another store of the same name', async () => {
    const token = await here.house.developerToken('https://management.cardea.internal')
    const manage = (method: string, path: string, body?: object) =>
      here.house.ask('management.cardea.internal', method, `${path}?api-version=2024-05-01`, { token, body })
    const id = here.store.resourceId.replace(/\/demo$/, '/reborn')
    const removed = `/subscriptions/${here.house.cardea.installation.subscription}/providers/Microsoft.AppConfiguration/locations/local/deletedConfigurationStores/reborn`
    const found = async () => {
      const made = await manage('PUT', id, { location: 'local', sku: { name: 'standard' } })
      assert.ok(made.status < 300, made.text)
    }
    const host = here.host.replace('demo', 'reborn')
    const data = await here.house.developerToken(`https://${host}`)
    const ask: Ask = (method, path, given) => here.house.ask(host, method, path, { token: data, ...given })
    await found()
    await ask('PUT', `/kv/a?${version}`, { body: { value: 'v' } })
    const list = `/kv?${version}`
    await ask('GET', list)
    const { etag } = (await ask('GET', list)).headers
    const again = () => ask('GET', list, { headers: { 'if-none-match': String(etag) } })
    assert.equal((await again()).status, 304)
    assert.ok((await manage('DELETE', id)).status < 300)
    assert.ok((await manage('POST', `${removed}/purge`)).status < 300)
    assert.equal((await again()).status, 404)
    await found()
    assert.equal((await again()).status, 200)
  })
})

const postgres = needs('PostgreSQL', findPostgres)
it('so it is on two nodes, whichever was written to', { skip: postgres.skip }, async () => {
  await using database = await startPostgres()
  await using nodes = await openNodes(database.url())
  const askOf = async (house: House): Promise<Ask> => {
    const token = await house.developerToken(`https://${house.storeHost}`)
    return (method, path, given) => house.ask(house.storeHost, method, path, { token, ...given })
  }
  const [one, two] = [await askOf(nodes.one), await askOf(nodes.two)]
  await filled(one)
  assert.ok((await tellsTheTruth(one, [two, one])) > 100)
})
