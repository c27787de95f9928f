import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asks, at } from '../testing/asks.ts'
import { runningStore, version } from '../testing/store.ts'

const here = await runningStore()
after(() => here[Symbol.asyncDispose]())

const { get, ok, problem, fill } = asks(() => here)

describe('a list', () => {
  const keys = async (query: string) =>
    (await ok('GET', `/kv?${version}${query}`)).json.items.map((item: { key: string; label: string | null }) =>
      item.label === null ? item.key : `${item.key}|${item.label}`,
    )

  it('is a page with an etag, in the body and in the header', async () => {
    const { headers, json } = await ok('GET', `/kv?${version}&key=nothing*`)
    assert.deepEqual(Object.keys(json), ['items', 'etag'])
    assert.equal(headers['content-type'], 'application/vnd.microsoft.appconfig.kvset+json; charset=utf-8')
    assert.equal(headers.etag, `"${json.etag}"`)
    assert.equal(headers.link, undefined)
  })

  it('takes filters of keys as the service does', async () => {
    for (const key of ['f/a', 'f/ab', 'f/b', 'f%2Fa*', 'f/c,d', 'f/e%5Cf', 'F/a']) await here.put(key, 'v')
    const all = ['f/a', 'f/a*', 'f/ab', 'f/b', 'f/c,d', 'f/e\\f']
    assert.deepEqual(await keys('&key=f/*'), all)
    assert.deepEqual(await keys('&key=f/a'), ['f/a'])
    assert.deepEqual(await keys('&key=f/a*'), ['f/a', 'f/a*', 'f/ab'])
    assert.deepEqual(await keys('&key=f/a%5C*'), ['f/a*'])
    assert.deepEqual(await keys('&key=f/b,f/a,f/none'), ['f/a', 'f/b'])
    assert.deepEqual(await keys('&key=f/c%5C,d,F/a'), ['F/a', 'f/c,d'])
    assert.deepEqual(await keys('&key=f/e%5C%5C*'), ['f/e\\f'])
    assert.deepEqual(await keys('&key=f/%5Cab'), ['f/ab'])
    for (const any of ['&key=', '&key=*', '']) assert.ok((await keys(any)).length > all.length)
  })

  it('takes filters of labels as the service does, "no label" among them', async () => {
    for (const label of ['', 'x', 'xy', 'z', '*']) await here.put('labels', 'v', `&label=${label}`)
    const labelled = (query: string) => keys(`&key=labels${query}`)
    const all = ['labels', 'labels|*', 'labels|x', 'labels|xy', 'labels|z']
    for (const query of ['', '&label=', '&label=*']) assert.deepEqual(await labelled(query), all)
    assert.deepEqual(await labelled('&label=%00'), ['labels'])
    assert.deepEqual(await labelled('&label=%00,z'), ['labels', 'labels|z'])
    assert.deepEqual(await labelled('&label=x*'), ['labels|x', 'labels|xy'])
    assert.deepEqual(await labelled('&label=%5C*'), ['labels|*'])
  })

  const wrong: [string, string, string, number | undefined][] = [
    ['key=*a', 'key', 'Invalid character', 0],
    ['key=a*b', 'key', 'Invalid character', 1],
    ['key=a*,b', 'key', 'Invalid character', 1],
    ['key=a,b*', 'key', 'Invalid character', 3],
    ['label=x**', 'label', 'Invalid character', 1],
    ['label=a%00', 'label', 'Invalid character', 1],
    ['key=%00', 'key', 'Invalid character', 0],
    ['key=1,2,3,4,5,6', 'key', 'Too many values. Maximum supported is 5', undefined],
  ]
  for (const [query, name, detail, pos] of wrong) {
    it(`refuses ${query}, and says where`, async () => {
      assert.deepEqual(Object.entries(await problem(`/kv?${version}&${query}`)), [
        ['type', 'https://azconfig.io/errors/invalid-argument'],
        ['title', `Invalid request parameter '${name}'`],
        ['name', name],
        ['detail', detail],
        ...(pos === undefined ? [] : [['pos', pos]]),
        ['status', 400],
      ])
    })
  }

  it('is answered 304 and 412 by its page etag, and its etag moves with each change', async () => {
    await here.put('etags/a', '1')
    const path = `/kv?${version}&key=etags/*`
    const etag = String((await ok('GET', path)).headers.etag)
    for (const method of ['GET', 'HEAD']) {
      const answer = await here.send(method, path, { headers: { 'if-none-match': etag } })
      assert.deepEqual([answer.status, answer.text, answer.headers.etag], [304, '', etag])
    }
    assert.equal((await ok('HEAD', path)).headers.etag, etag)
    assert.equal((await get(path, { 'if-match': '"other"' })).status, 412)
    const etags = new Set([etag])
    await here.put('etags/a', '2')
    etags.add(String((await ok('GET', path)).headers.etag))
    await here.put('etags/b', '1')
    etags.add(String((await ok('GET', path)).headers.etag))
    assert.equal(etags.size, 3)
  })
})

describe('pages', () => {
  type Page = { items: { key: string }[]; etag: string; '@nextLink'?: string }
  const pages = async (first: string, between?: (page: number) => Promise<unknown>) => {
    const found: Page[] = []
    for (let next: string | undefined = first; next !== undefined; next = found.at(-1)?.['@nextLink']) {
      const { json, headers } = await ok('GET', next)
      const link = json['@nextLink'] === undefined ? undefined : `<${json['@nextLink']}>; rel="next"`
      assert.equal(headers.link, link)
      found.push(json)
      await between?.(found.length)
    }
    return found
  }

  it('hold a hundred, and a full one names a next one, though that be empty', async () => {
    await fill('two/', 0, 200)
    const found = await pages(`/kv?${version}&key=two/*`)
    assert.deepEqual(
      found.map(({ items }) => items.length),
      [100, 100, 0],
    )
    assert.equal(new Set(found.map(({ etag }) => etag)).size, 3)
    const before = found[1]?.etag
    await fill('two/', 200, 201)
    const grown = await pages(`/kv?${version}&key=two/*`)
    assert.deepEqual(
      grown.map(({ items }) => items.length),
      [100, 100, 1],
    )
    assert.equal(grown[1]?.etag, before)
    assert.notEqual(grown[2]?.etag, found[2]?.etag)
  })

  it('that become full change their etag, since another follows', async () => {
    await fill('full/', 0, 99)
    const short = await ok('GET', `/kv?${version}&key=full/*`)
    await fill('full/', 99, 100)
    const full = await ok('GET', `/kv?${version}&key=full/*`)
    assert.notEqual(full.headers.etag, short.headers.etag)
    assert.ok(full.headers.link)
  })

  it('are linked in a way that every client can follow', async () => {
    await fill('link/', 0, 100)
    const path = `/kv?key=link/*&label=%00&$Select=&${version}`
    const { json, headers } = await ok('GET', path)
    const link = json['@nextLink'] as string
    assert.match(link, /^\/kv\?api-version=2023-11-01&key=link%2F\*&label=%00&\$select=&after=[\w-]+$/)
    const same = await here.send('GET', path, { headers: { 'if-none-match': String(headers.etag) } })
    assert.equal(same.status, 304)
    assert.match(String(same.headers.link), /^<[^>]+>; rel="next"$/)
    assert.match(String((await ok('HEAD', path)).headers.link), /^<[^>]+>; rel="next"$/)
    // The JavaScript client decodes the token twice, and sends it back in an order of its own.
    const after = decodeURIComponent(new URLSearchParams(link).get('after') as string)
    assert.deepEqual((await ok('GET', `/kv?key=link/*&after=${after}&${version}`)).json.items, [])
  })

  it('with a token that nobody gave begin anew', async () => {
    await here.put('token/a', 'v')
    for (const token of ['%00', 'nonsense', 'AA', Buffer.from('a\nb\nc').toString('base64url')]) {
      const { json } = await ok('GET', `/kv?${version}&key=token/*&after=${token}`)
      assert.equal(json.items.length, 1)
    }
  })

  it('tell of each setting that was there all along exactly once, while another writes', async () => {
    await fill('busy/', 1000, 1250)
    const found = await pages(`/kv?${version}&key=busy/*`, (page) =>
      Promise.all([
        here.put(`busy/0${page}`, 'before all'),
        here.put('busy/1005', `changed ${page}`),
        here.put(`busy/1249-${page}`, 'between'),
        here.send('DELETE', at(`busy/11${page}0`)),
      ]),
    )
    const keys = found.flatMap(({ items }) => items.map(({ key }) => key))
    assert.deepEqual(keys, keys.toSorted())
    assert.equal(new Set(keys).size, keys.length)
    const gone = found.map((_, index) => `busy/11${index + 1}0`)
    for (let number = 1000; number < 1250; number += 1) {
      const key = `busy/${number}`
      if (!gone.includes(key)) assert.ok(keys.includes(key), key)
    }
  })
})
