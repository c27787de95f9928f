import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { asks, at } from '../testing/asks.ts'
import { type RunningStore, runningStore, version } from '../testing/store.ts'

let here: RunningStore
before(async () => {
  here = await runningStore()
})
after(() => here?.[Symbol.asyncDispose]())

const newest = 'api-version=2026-04-01'
const { get, ok, problem, fill } = asks(() => here)

describe('a key-value', () => {
  it('is answered with the service’s members, in its order, under its media type', async () => {
    const body = { value: 'v', content_type: 'text/plain', tags: { a: '1', b: null } }
    const { headers, text, json } = await ok('PUT', at('shape', '&label=l'), { body })
    assert.deepEqual(Object.keys(json), [
      'etag',
      'key',
      'label',
      'content_type',
      'value',
      'tags',
      'locked',
      'last_modified',
    ])
    assert.deepEqual(
      { ...json, etag: '', last_modified: '' },
      { etag: '', key: 'shape', label: 'l', ...body, locked: false, last_modified: '' },
    )
    assert.match(json.last_modified, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)
    assert.equal(headers['content-type'], 'application/vnd.microsoft.appconfig.kv+json; charset=utf-8')
    assert.equal(headers.etag, `"${json.etag}"`)
    assert.equal(Date.parse(String(headers['last-modified'])), Date.parse(json.last_modified))
    assert.equal((await ok('GET', at('shape', '&label=l'))).text, text)
  })

  it('has null, not an empty text, where it has no label or content type', async () => {
    for (const query of ['', '&label=', '&label=%00']) {
      const { json } = await ok('PUT', at('bare', query), { body: { value: 'v' } })
      assert.deepEqual([json.label, json.content_type, json.tags], [null, null, {}])
    }
    assert.equal((await ok('PUT', at('bare'), { body: { content_type: '' } })).json.content_type, '')
    assert.equal((await ok('GET', at('bare'))).json.value, null)
  })

  it('is replaced whole, whatever else its body says of it', async () => {
    await ok('PUT', at('replaced'), { body: { value: 'v', content_type: 't', tags: { a: '1' } } })
    const body = { value: 'w', key: 'other', label: 'other', etag: 'other', locked: true, last_modified: 'never' }
    const { json } = await ok('PUT', at('replaced'), { body })
    assert.deepEqual([json.key, json.label, json.locked], ['replaced', null, false])
    assert.deepEqual([json.value, json.content_type, json.tags], ['w', null, {}])
  })

  it('keeps its etag when it is written again with the same content', async () => {
    const first = await ok('PUT', at('same'), { body: { value: 'v', tags: { a: '1' } } })
    const second = await ok('PUT', at('same'), { body: { value: 'v', tags: { a: '1' } } })
    assert.equal(second.headers.etag, first.headers.etag)
    assert.equal(second.headers['sync-token'], first.headers['sync-token'])
    const third = await ok('PUT', at('same'), { body: { value: 'w', tags: { a: '1' } } })
    assert.notEqual(third.headers.etag, first.headers.etag)
  })

  it('has everything after /kv/ for its key, decoded once', async () => {
    for (const [path, key] of [
      ['a%20b/%C3%BC:x', 'a b/ü:x'],
      ['slash%2Fed', 'slash/ed'],
      ['x//y/', 'x//y/'],
      ['.appconfig.featureflag/Beta', '.appconfig.featureflag/Beta'],
      ['a*b,c%5Cd', 'a*b,c\\d'],
      ['plus+sign', 'plus+sign'],
    ] as const) {
      assert.equal((await ok('PUT', at(path), { body: { value: 'v' } })).json.key, key)
      assert.equal((await ok('GET', at(path))).json.key, key)
    }
    assert.equal((await get(at('SLASH/ed'))).status, 404)
  })

  it('is refused under a key that the service refuses', async () => {
    for (const path of ['%25', 'a%2541', 'a%00b', 'a%0Ab', '%zz', '%ff', 'x'.repeat(257)]) {
      assert.equal((await here.put(path, 'v')).status, 400, path)
    }
    assert.equal((await problem(at('a%2541'))).name, 'key')
    assert.equal((await problem(at('a', `&label=${'x'.repeat(257)}`))).name, 'label')
  })

  it('addresses its label literally', async () => {
    await here.put('literal', 'v', '&label=l,*')
    assert.equal((await ok('GET', at('literal', '&label=l,*'))).json.label, 'l,*')
    assert.equal((await get(at('literal', '&label=l'))).status, 404)
    assert.equal((await get(at('literal', '&label=*'))).status, 404)
  })

  it('shows its description from 2026-04-01 on, and keeps it from those who speak older versions', async () => {
    const described = (query: string) => `/kv/described?${query}`
    await ok('PUT', described(newest), { body: { value: 'v', description: 'why' } })
    assert.equal(
      (await ok('PUT', described(version), { body: { value: 'w', description: 'no' } })).json.description,
      undefined,
    )
    assert.equal((await ok('GET', described(newest))).json.description, 'why')
    assert.equal((await ok('GET', described('api-version=1.0'))).json.description, undefined)
    assert.equal((await ok('PUT', described(newest), { body: { value: 'w' } })).json.description, null)
  })

  it('is deleted with its last state as the answer, and with 204 when there was none', async () => {
    await here.put('deleted', 'v')
    assert.equal((await ok('DELETE', at('deleted'))).json.value, 'v')
    const { status, text: body, headers } = await here.send('DELETE', at('deleted'))
    assert.deepEqual([status, body], [204, ''])
    assert.ok(headers['sync-token'])
    assert.equal((await get(at('deleted'))).status, 404)
  })

  it('that is not there has an empty answer', async () => {
    const { status, text: body, headers } = await get(at('absent'))
    assert.deepEqual([status, body, headers['content-type']], [404, '', undefined])
    assert.equal((await here.send('HEAD', at('absent'))).status, 404)
  })

  it('is checked by HEAD, with the headers of GET', async () => {
    await here.put('checked', 'v')
    const [head, got] = [await ok('HEAD', at('checked')), await ok('GET', at('checked'))]
    assert.equal(head.text, '')
    for (const name of ['etag', 'content-type', 'last-modified', 'content-length', 'sync-token'] as const)
      assert.equal(head.headers[name], got.headers[name])
  })

  it('of more than 10 KB is refused with the bytes that it has and may have', async () => {
    const said = await problem(at('large'), { method: 'PUT', body: { value: 'x'.repeat(10_240) } })
    assert.equal(said.status, 413)
    assert.match(said.detail, /at most 10240 bytes.* has 10245/)
    assert.equal((await here.send('PUT', at('large'), { body: { value: 'x'.repeat(70_000) } })).status, 413)
    // Every character of it escaped, as JSON within JSON is.
    assert.equal((await here.put('escaped', '\u0001'.repeat(10_000))).status, 200)
  })

  it('is refused when its body isn’t one', async () => {
    assert.equal((await problem(at('bad'), { method: 'PUT', body: [] })).name, 'body')
    assert.equal((await problem(at('bad'), { method: 'PUT', body: { value: 1 } })).name, 'value')
    assert.equal((await problem(at('bad'), { method: 'PUT', body: { tags: { a: 1 } } })).name, 'tags.a')
    assert.equal((await problem(at('bad'), { method: 'PUT', body: { tags: { 'a\n': '1' } } })).status, 400)
    assert.equal((await problem(at('bad'), { method: 'PUT', body: { content_type: 'a\r\nb' } })).name, 'content_type')
    assert.equal((await here.send('PUT', at('bad'))).status, 400)
    // Half a character would come back changed.
    assert.equal((await problem(at('bad'), { method: 'PUT', body: { value: '\ud800' } })).name, 'value')
  })
})

describe('$select', () => {
  const fields = async (query: string) => Object.keys((await ok('GET', at('selected', query))).json)
  it('gives the members that it names, in the service’s order, however it is spelled', async () => {
    await here.put('selected', 'v')
    for (const name of ['$select', '$Select', '%24select', 'fields'])
      assert.deepEqual(await fields(`&${name}=locked,key,createdOn`), ['key', 'locked'])
  })
  it('gives all when it is empty, a star, or absent', async () => {
    for (const query of ['', '&$Select=', '&$select=*']) assert.equal((await fields(query)).length, 8)
  })
  it('holds for lists, and is carried to the next page', async () => {
    const { json } = await ok('GET', `/kv?${version}&key=selected&$select=key`)
    assert.deepEqual(json.items, [{ key: 'selected' }])
  })
})

describe('conditional requests', () => {
  it('to read what is unchanged are answered 304 without a body', async () => {
    const { headers } = await here.put('cond/read', 'v')
    const etag = String(headers.etag)
    for (const method of ['GET', 'HEAD']) {
      const answer = await here.send(method, at('cond/read'), { headers: { 'if-none-match': etag } })
      assert.deepEqual([answer.status, answer.text, answer.headers.etag], [304, '', etag])
      assert.ok(answer.headers['sync-token'])
    }
    assert.equal((await get(at('cond/read'), { 'if-none-match': '"other"' })).status, 200)
    assert.equal((await get(at('cond/read'), { 'if-match': etag })).status, 200)
    const refused = await get(at('cond/read'), { 'if-match': '"other"' })
    assert.deepEqual([refused.status, refused.text], [412, ''])
  })

  it('of several etags only the first counts', async () => {
    const { headers } = await here.put('cond/first', 'v')
    assert.equal((await get(at('cond/first'), { 'if-none-match': `"other", ${headers.etag}` })).status, 200)
    assert.equal((await get(at('cond/first'), { 'if-none-match': `${headers.etag}, "other"` })).status, 304)
  })

  const write = async (method: string, headers: Record<string, string>, key: string) =>
    (await here.send(method, at(key), { headers, ...(method === 'PUT' && { body: { value: `${Math.random()}` } }) }))
      .status

  it('to write only what is new, or only what is there', async () => {
    assert.equal(await write('PUT', { 'if-none-match': '*' }, 'cond/new'), 200)
    assert.equal(await write('PUT', { 'if-none-match': '*' }, 'cond/new'), 412)
    assert.equal(await write('PUT', { 'if-match': '*' }, 'cond/new'), 200)
    assert.equal(await write('PUT', { 'if-match': '*' }, 'cond/none'), 412)
    assert.equal(await write('PUT', { 'if-match': '"x"' }, 'cond/none'), 412)
    assert.equal(await write('DELETE', { 'if-match': '*' }, 'cond/none'), 412)
  })

  it('to write what the caller has seen, and not what another has changed since', async () => {
    const seen = String((await here.put('cond/seen', '1')).headers.etag)
    assert.equal(await write('PUT', { 'if-none-match': seen }, 'cond/seen'), 412)
    assert.equal(await write('PUT', { 'if-match': seen }, 'cond/seen'), 200)
    assert.equal(await write('PUT', { 'if-match': seen }, 'cond/seen'), 412)
    assert.equal(await write('DELETE', { 'if-match': seen }, 'cond/seen'), 412)
    const now = String((await get(at('cond/seen'))).headers.etag)
    assert.equal(await write('DELETE', { 'if-match': now }, 'cond/seen'), 200)
  })

  it('let exactly one of many win who saw the same', async () => {
    const etag = String((await here.put('cond/race', '0')).headers.etag)
    const statuses = await Promise.all(
      Array.from({ length: 20 }, () => write('PUT', { 'if-match': etag }, 'cond/race')),
    )
    assert.deepEqual(statuses.sort(), [200, ...Array(19).fill(412)])
  })

  it('on a locked key are refused for their condition first', async () => {
    const { headers } = await here.put('cond/locked', '1')
    const { database } = here.house.cardea.base
    await database.write((turn) => turn.sql.run("update setting set locked = 1 where key = 'cond/locked'", []))
    assert.equal(await write('PUT', { 'if-match': '"other"' }, 'cond/locked'), 412)
    const said = await problem(at('cond/locked'), {
      method: 'PUT',
      body: { value: '2' },
      headers: { 'if-match': String(headers.etag) },
    })
    assert.deepEqual(Object.entries(said), [
      ['type', 'https://azconfig.io/errors/key-locked'],
      ['title', "Modifing key 'cond/locked' is not allowed"],
      ['name', 'cond/locked'],
      ['detail', 'The key is read-only. To allow modification unlock it first.'],
      ['status', 409],
    ])
    assert.equal(await write('DELETE', {}, 'cond/locked'), 409)
  })
})

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

describe('versions', () => {
  it('of all ages are answered', async () => {
    for (const one of [
      '1.0',
      '2023-10-01',
      '2023-11-01',
      '2024-09-01',
      '2026-04-01',
      '2026-05-01-preview',
      '2023-11-11-Preview',
    ])
      assert.equal((await get(`/kv?api-version=${one}`)).status, 200, one)
  })
  const wrong: [string, string][] = [
    ['', 'API version is not specified'],
    ['&api-version=2030-01-01', 'Unsupported API version'],
    ['&api-version=new', 'Invalid API version'],
    ['&api-version=1.0&api-version=2023-11-01', 'API version is not specified'],
  ]
  for (const [query, title] of wrong) {
    it(`that we don't know are refused: "${query}"`, async () => {
      const said = await problem(`/kv?key=a${query}`)
      assert.deepEqual([said.status, said.title, said.name], [400, title, 'api-version'])
    })
  }
})

describe('what is not answered', () => {
  it('another method on a path that we know is 405, empty', async () => {
    for (const [method, path] of [
      ['PUT', `/kv?${version}`],
      ['POST', at('a')],
      ['PATCH', at('a')],
      ['DELETE', `/kv?${version}`],
      ['PUT', `/keys?${version}`],
      ['POST', `/labels?${version}`],
      ['GET', `/locks/a?${version}`],
      ['DELETE', `/revisions?${version}`],
      ['DELETE', `/snapshots/a?${version}`],
      ['PUT', `/operations?${version}`],
    ] as const) {
      const { status, text: body } = await here.send(method, path)
      assert.deepEqual([status, body], [405, ''], `${method} ${path}`)
    }
  })
})

describe('every answer', () => {
  it('bears a sync token that grows with each change, and ids of its own', async () => {
    const number = (headers: Record<string, unknown>) => {
      const [, id, value, sn] = /^([^=]+)=([^;]+);sn=(\d+)$/.exec(String(headers['sync-token'])) as RegExpExecArray
      assert.equal(id, 'cardea')
      assert.match(value as string, /^[\w-]+$/)
      return Number(sn)
    }
    const first = await here.put('sync', '1')
    const second = await here.put('sync', '2')
    assert.ok(number(second.headers) > number(first.headers))
    assert.ok(number((await get(at('sync'), { 'sync-token': 'cardea=OTk5OTk' })).headers) >= number(second.headers))
    assert.notEqual(first.headers['x-ms-request-id'], second.headers['x-ms-request-id'])
    assert.ok(first.headers['x-ms-correlation-request-id'])
  })

  it('repeats the client’s request id only when it is asked to', async () => {
    const id = { 'x-ms-client-request-id': 'mine' }
    assert.equal((await get(at('sync'), id)).headers['x-ms-client-request-id'], undefined)
    const asked = { ...id, 'x-ms-return-client-request-id': 'true' }
    assert.equal((await get(at('sync'), asked)).headers['x-ms-client-request-id'], 'mine')
  })

  it('is given whatever media type is accepted', async () => {
    for (const accept of ['*/*', 'text/html', 'application/json, application/problem+json'])
      assert.equal((await get(at('sync'), { accept })).status, 200)
  })
})
