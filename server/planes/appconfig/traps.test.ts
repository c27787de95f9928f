import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { asks, at } from './testing/asks.ts'
import { runningStore, signatureOf, version } from './testing/store.ts'

/** What clients of App Configuration stumble over, each by its number in our notes on them, over raw HTTP. */
const { ok, problem, fill, pages, get } = asks(() => here)
const here = await runningStore()
after(() => here[Symbol.asyncDispose]())

const nextOf = async (path: string): Promise<string> => (await ok('GET', path)).json['@nextLink'] as string

describe('the trap', () => {
  it('1: the JavaScript client reads the token by taking the whole link for a query', async () => {
    await fill('trap1/', 0, 100)
    for (const path of [
      `/kv?key=trap1/*&${version}`,
      `/keys?name=trap1/*&${version}`,
      `/revisions?key=trap1/*&${version}`,
    ]) {
      const link = await nextOf(path)
      assert.match(link, /^\/(?:kv|keys|revisions)\?api-version=/)
      assert.ok(new URLSearchParams(link).get('after'), link)
    }
  })

  it('2: the JavaScript client decodes the token twice', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, index) => here.put(`trap2/%C3%BC+%3F${index}`, 'v')))
    const link = await nextOf(`/kv?key=trap2/*&${version}`)
    const token = new URLSearchParams(link).get('after') as string
    assert.match(token, /^[\w-]+$/)
    assert.deepEqual((await ok('GET', `/kv?key=trap2/*&${version}&after=${decodeURIComponent(token)}`)).json.items, [])
  })

  it('3: on 304 the JavaScript client takes the text of Link before the first semicolon', async () => {
    await fill('trap3/', 0, 100)
    await wait(5)
    const past = new Date(Date.now() - 1).toISOString()
    const headers = { 'accept-datetime': past }
    const { headers: said } = await ok('GET', `/kv?key=trap3/*&${version}`, { headers })
    const same = await get(`/kv?key=trap3/*&${version}`, { ...headers, 'if-none-match': String(said.etag) })
    assert.equal(same.status, 304)
    assert.match(
      String(same.headers.link),
      /^<\/kv\?api-version=[^>]+&after=[\w-]+>; rel="next", <[^>]+>; rel="original"$/,
    )
    assert.equal(same.headers['memento-datetime'], new Date(past).toUTCString())
  })

  it('4: the Python client follows the link without the instant that it travelled to', async () => {
    await fill('trap4/', 0, 150)
    await wait(5)
    const past = new Date().toISOString()
    await wait(5)
    await here.put('trap4/0120', 'of now')
    await here.send('DELETE', at('trap4/0130'))
    await here.put('trap4/0140a', 'of now')
    const first = await ok('GET', `/kv?key=trap4/*&${version}`, { headers: { 'accept-datetime': past } })
    const second = await ok('GET', first.json['@nextLink'])
    const items = [...first.json.items, ...second.json.items] as { key: string; value: string }[]
    assert.equal(items.length, 150)
    assert.ok(items.every(({ value }) => value === 'v'))
    assert.ok(items.some(({ key }) => key === 'trap4/0130'))
  })

  it('5: tag filters come back in the link, repeated and not joined', async () => {
    const body = { value: 'v', tags: { a: '1', 'b c': 'x=y,z' } }
    await Promise.all(Array.from({ length: 100 }, (_, index) => here.send('PUT', at(`trap5/${index}`), { body })))
    await here.put('trap5/plain', 'v')
    const link = await nextOf(`/kv?key=trap5/*&${version}&tags=a%3D1&tags=b%20c%3Dx%3Dy,z`)
    assert.deepEqual(new URL(link, 'https://a').searchParams.getAll('tags'), ['a=1', 'b c=x=y,z'])
    assert.deepEqual((await ok('GET', link)).json.items, [])
  })

  it('5a: a tag filter looks at what settings are, not at what they were', async () => {
    await here.send('PUT', at('trap5a'), { body: { value: 'old', tags: { state: 'old' } } })
    await here.send('PUT', at('trap5a'), { body: { value: 'new', tags: { state: 'new' } } })
    const values = async (path: string) =>
      (await ok('GET', path)).json.items.map(({ value }: { value: string }) => value)
    assert.deepEqual(await values(`/kv?key=trap5a&${version}&tags=state%3Dold`), [])
    assert.deepEqual(await values(`/kv?key=trap5a&${version}&tags=state%3Dnew`), ['new'])
    assert.deepEqual(await values(`/revisions?key=trap5a&${version}&tags=state%3Dold`), ['old'])
  })

  it('6: "no label" stays percent-encoded in the link', async () => {
    await fill('trap6/', 0, 100)
    const link = await nextOf(`/kv?key=trap6/*&label=%00&${version}`)
    assert.match(link, /&label=%00&/)
    assert.deepEqual((await ok('GET', link)).json.items, [])
  })

  it('7: what is signed is the target as it was sent', async () => {
    await here.put('trap7/a', 'v')
    for (const target of [`/kv/trap7%2Fa?${version}`, `/kv/trap7/%61?%61pi-version=2023-11-01`]) {
      assert.equal((await here.send('GET', target)).status, 200)
      const other = signatureOf('GET', decodeURIComponent(target), here.host, '', here.key)
      assert.equal((await here.plain('GET', target, other)).status, 401)
    }
  })

  it('8: what bodies say of key, label, etag and lock is passed over', async () => {
    const body = { value: 'v', key: 'else', label: 'else', etag: 'else', locked: true, last_modified: 'else' }
    const { json } = await ok('PUT', at('trap8', '&label=mine'), { body })
    assert.deepEqual([json.key, json.label, json.locked], ['trap8', 'mine', false])
  })

  it('9: 404, 412, 304 and 204 have empty bodies', async () => {
    const { headers } = await here.put('trap9', 'v')
    const empty = [
      await get(at('trap9/none')),
      await get(at('trap9'), { 'if-match': '"other"' }),
      await get(at('trap9'), { 'if-none-match': String(headers.etag) }),
      await here.send('DELETE', at('trap9/none')),
      await get(`/snapshots/none?${version}`),
      await get(`/operations?${version}&snapshot=none`),
    ]
    assert.deepEqual(
      empty.map(({ status, text, headers: { 'content-type': type } }) => [status, text, type]),
      [404, 412, 304, 204, 404, 404].map((status) => [status, '', undefined]),
    )
  })

  it('10: the JavaScript client compares the body of 409 with a text', async () => {
    const body = { filters: [{ key: 'trap10' }] }
    await ok('PUT', `/snapshots/trap10?${version}`, { body })
    const again = await here.send('PUT', `/snapshots/trap10?${version}`, { body })
    assert.equal(
      again.text,
      '{"type":"https://azconfig.io/errors/already-exists","title":"The resource already exists.","status":409,"detail":""}',
    )
  })

  it('11: a full page links on, whatever the list', async () => {
    await fill('trap11/', 0, 200)
    const counts = async (path: string) => (await pages(path)).map(({ items }) => items.length)
    for (const path of ['/kv?key', '/keys?name', '/revisions?key'])
      assert.deepEqual(await counts(`${path}=trap11/*&${version}`), [100, 100, 0])
    await Promise.all(Array.from({ length: 100 }, (_, index) => here.put('trap11', 'v', `&label=t11-${index}`)))
    assert.deepEqual(await counts(`/labels?name=t11-*&${version}`), [100, 0])
  })

  it('12: "no label" is null, not the empty text', async () => {
    await here.put('trap12', 'v', '&label=')
    assert.equal((await ok('GET', at('trap12'))).json.label, null)
    assert.equal((await ok('GET', `/kv?key=trap12&${version}`)).json.items[0].label, null)
    assert.deepEqual((await ok('GET', `/labels?name=%00&${version}`)).json.items, [{ name: null }])
    assert.equal((await ok('GET', `/revisions?key=trap12&${version}`)).json.items[0].label, null)
  })

  it('13: a lock comes without body and without content type', async () => {
    await here.put('trap13', 'v')
    const path = `/locks/trap13?${version}`
    const headers = { 'content-length': '0' }
    assert.equal((await ok('PUT', path, { headers })).json.locked, true)
    assert.equal((await problem(at('trap13'), { method: 'PUT', body: { value: 'w' } })).status, 409)
    assert.equal((await ok('DELETE', path, { headers })).json.locked, false)
  })

  it('14: keys are decoded once', async () => {
    await here.put('trap14%3Aa%2Fb%2A', 'v')
    assert.equal((await ok('GET', at('trap14:a/b*'))).json.key, 'trap14:a/b*')
    assert.equal((await problem(at('trap14%253A'))).name, 'key')
    assert.equal((await ok('PUT', `/locks/trap14%3Aa%2Fb%2A?${version}`)).json.key, 'trap14:a/b*')
  })
})
