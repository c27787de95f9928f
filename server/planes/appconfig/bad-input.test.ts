import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asks, at } from './testing/asks.ts'
import { runningStore, type Sent, signatureOf, version } from './testing/store.ts'

/** What nobody should send, and what they are told who do. */
const { ok } = asks(() => here)
const here = await runningStore()
after(() => here[Symbol.asyncDispose]())
await here.put('there', 'v')

/** A body as it is, signed honestly. */
const raw = (method: string, path: string, body: string, type = 'application/json') =>
  here.plain(method, path, { ...signatureOf(method, path, here.host, body, here.key), 'content-type': type }, body)

const argument = 'https://azconfig.io/errors/invalid-argument'
type Said = { status: number; name?: string }

describe('a body', () => {
  const bodies: [string, string, string][] = [
    ['that is no JSON', '{"value":', 'body'],
    ['that is empty', '', 'body'],
    ['that is a text', '"value"', 'body'],
    ['that is null', 'null', 'body'],
    ['that is nested too deep', `${'['.repeat(40)}${']'.repeat(40)}`, 'body'],
    ['with a value that is a number', '{"value":1}', 'value'],
    ['with a value that is an object', '{"value":{}}', 'value'],
    ['with a content type that is a list', '{"content_type":[]}', 'content_type'],
    ['with a content type of two lines', '{"content_type":"a\\nb"}', 'content_type'],
    ['with tags that are a list', '{"tags":[]}', 'tags'],
    ['with a tag that is a number', '{"tags":{"a":1}}', 'tags.a'],
    ['with a tag of two lines', '{"tags":{"a":"b\\nc"}}', 'tags.a'],
    ['with a tag that is too long', JSON.stringify({ tags: { a: 'x'.repeat(257) } }), 'tags.a'],
    ['with a tag that is a list', '{"tags":{"a":[]}}', 'tags.a'],
    [
      'with a tag whose name is too long',
      JSON.stringify({ tags: { ['x'.repeat(257)]: 'v' } }),
      `tags, the name "${'x'.repeat(32)}",`,
    ],
    ['with a tag whose name has two lines', '{"tags":{"a\\nb":"v"}}', 'tags, the name "a\nb",'],
    ['with a tag of half a character', '{"tags":{"a":"\\ud800"}}', 'tags.a'],
    ['with a content type of half a character', '{"content_type":"\\udc00"}', 'content_type'],
    ['with a description that is a number', '{"description":1}', 'description'],
    ['with a description with NUL', '{"description":"\\u0000"}', 'description'],
    ['with a description that is too long', JSON.stringify({ description: 'x'.repeat(1025) }), 'description'],
    ['with half a character', '{"value":"\\ud800"}', 'value'],
  ]
  for (const [what, body, name] of bodies) {
    it(`${what} is refused, and told where`, async () => {
      const { status, json } = await raw('PUT', at('bad'), body)
      assert.deepEqual([status, json.type, json.status, json.name], [400, argument, 400, name])
      assert.equal(json.title, `Invalid request parameter '${name}'`)
    })
  }

  it('with every field at its limit, and any characters that the field may have, comes back as it was', async () => {
    const newest = 'api-version=2026-04-01'
    const [key, label] = ['ß'.repeat(256), '€'.repeat(256)]
    const path = `/kv/${encodeURIComponent(key)}?${newest}&label=${encodeURIComponent(label)}`
    const body = {
      value: 'any: \u0000 \u001f \u007f \r\n \u2028 \ufeff \ufffe 😀 "\\/',
      content_type: 'ü'.repeat(1024),
      tags: { ['n'.repeat(256)]: 'v'.repeat(256), '': '', 'a=b,c*\\': null, __proto__x: '😀' },
      description: 'ö'.repeat(1024),
    }
    assert.equal((await here.send('PUT', path, { body })).status, 200)
    const { etag, locked, last_modified: modified, ...said } = (await ok('GET', path)).json
    assert.deepEqual(said, { key, label, ...body })
    assert.deepEqual([typeof etag, locked], ['string', false])
    assert.match(modified, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)
    assert.equal((await here.send('GET', path.replace('%C3%9F', 'SS'))).status, 400)
    assert.equal((await here.send('GET', path.replace('%C3%9F', 'S'))).status, 404)
  })

  it('that isn’t UTF-8 is refused', async () => {
    const path = at('bad')
    const body = Buffer.from([0x22, 0xff, 0x22])
    const headers = signatureOf('PUT', path, here.host, body as unknown as string, here.key)
    const heard = await here.house.ask(here.host, 'PUT', path, { headers, body })
    assert.deepEqual([heard.status, heard.json.name], [400, 'body'])
  })

  it('of another media type is refused with 415, and of each that clients send is taken', async () => {
    for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded']) {
      const { status, text } = await raw('PUT', at('typed'), '{"value":"v"}', type)
      assert.deepEqual([status, text], [415, ''], type)
    }
    for (const type of [
      'application/vnd.microsoft.appconfig.kv+json',
      'application/vnd.microsoft.appconfig.kvset+json; charset=utf-8',
      'application/json;charset=utf-8',
      'text/json',
      'application/json-patch+json',
    ])
      assert.equal((await raw('PUT', at('typed'), '{"value":"v"}', type)).status, 200, type)
  })

  it('that is too large is refused with what was measured and what is allowed', async () => {
    const { status, json } = await here.put('large', 'x'.repeat(10_236))
    assert.equal(status, 413)
    assert.match(json.detail, /at most 10240 bytes.*This one has 10241/)
    assert.equal((await here.put('large', 'x'.repeat(10_235))).status, 200)
  })
})

describe('a request', () => {
  const wrong: [string, string, string, Sent, Said][] = [
    ['for the key "."', 'PUT', at('.'), { body: {} }, { status: 400, name: 'key' }],
    ['for the key ".."', 'PUT', at('..'), { body: {} }, { status: 400, name: 'key' }],
    ['for a key with "%"', 'PUT', at('a%25b'), { body: {} }, { status: 400, name: 'key' }],
    ['for a key with a line break', 'GET', at('a%0Ab'), {}, { status: 400, name: 'key' }],
    ['for a key that is too long', 'GET', at('x'.repeat(257)), {}, { status: 400, name: 'key' }],
    ['for a label that is too long', 'GET', at('a', `&label=${'x'.repeat(257)}`), {}, { status: 400, name: 'label' }],
    ['for a label with a line break', 'DELETE', at('a', '&label=a%0Ab'), {}, { status: 400, name: 'label' }],
    ['for two labels at once', 'GET', at('a', '&label=a&label=b'), {}, { status: 400, name: 'label' }],
    ['to lock what isn’t there', 'PUT', `/locks/none?${version}`, {}, { status: 404 }],
    [
      'to lock what isn’t there any more',
      'PUT',
      `/locks/none?${version}`,
      { headers: { 'if-match': '*' } },
      { status: 412 },
    ],
    ['to lock what has changed', 'PUT', `/locks/there?${version}`, { headers: { 'if-match': '"x"' } }, { status: 412 }],
    ['for keys by two stars', 'GET', `/keys?name=a**&${version}`, {}, { status: 400, name: 'name' }],
    ['for labels by too many values', 'GET', `/labels?name=1,2,3,4,5,6&${version}`, {}, { status: 400, name: 'name' }],
    ['for a tag without a value', 'GET', `/kv?tags=a&${version}`, {}, { status: 400, name: 'tags' }],
    ['for a tag without a name', 'GET', `/kv?tags=%3Da&${version}`, {}, { status: 400, name: 'tags' }],
    ['for six tags', 'GET', `/kv?${'tags=a%3Db&'.repeat(6)}${version}`, {}, { status: 400, name: 'tags' }],
    ['for revisions by a star in the middle', 'GET', `/revisions?key=a*b&${version}`, {}, { status: 400, name: 'key' }],
    ['for an operation of no snapshot', 'GET', `/operations?${version}`, {}, { status: 400, name: 'snapshot' }],
    [
      'for a version that is still to come',
      'GET',
      '/kv?api-version=2030-01-01',
      {},
      { status: 400, name: 'api-version' },
    ],
  ]
  for (const [what, method, path, sent, { status, name }] of wrong) {
    it(`${what} is refused${name === undefined ? ', empty' : ', and told where'}`, async () => {
      const heard = await here.send(method, path, sent)
      assert.equal(heard.status, status, heard.text)
      if (name === undefined) return assert.equal(heard.text, '')
      assert.deepEqual([heard.json.type, heard.json.status, heard.json.name], [argument, status, name])
    })
  }

  it('of a preview that is newer than we know is answered as the newest that we know', async () => {
    for (const api of ['2026-08-01-preview', '2026-10-01-preview', '2031-12-31-preview'])
      assert.equal((await ok('GET', `/kv/there?api-version=${api}`)).json.description, null)
    assert.equal((await here.send('GET', '/kv/there?api-version=2022-13-45-preview')).status, 400)
  })

  it('with a token of a page that nobody gave begins anew, whatever the token', async () => {
    for (const token of ['s', 's1', 'x9\na\nb', 's-1\na\nb', 't99999999999999999\na', 's1\n\u0000\n'].map((text) =>
      Buffer.from(text).toString('base64url'),
    ))
      for (const path of ['/kv', '/keys', '/labels', '/revisions', '/snapshots'])
        assert.equal((await here.send('GET', `${path}?${version}&after=${token}`)).status, 200, path)
  })
})
