import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asks, at } from './testing/asks.ts'
import { runningStore, version } from './testing/store.ts'

const here = await runningStore()
after(() => here[Symbol.asyncDispose]())

const { get, problem } = asks(() => here)

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
