import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asks, at } from '../testing/asks.ts'
import { runningStore, version } from '../testing/store.ts'

const here = await runningStore()
after(() => here[Symbol.asyncDispose]())

const newest = 'api-version=2026-04-01'
const { get, ok, problem } = asks(() => here)

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
