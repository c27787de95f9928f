import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { Heard } from '../../testing/house.ts'
import { asks, at } from './testing/asks.ts'
import { runningStore, version } from './testing/store.ts'

/** How much a store takes is its own to say. */
const { problem } = asks(() => here)
const here = await runningStore()
after(() => here[Symbol.asyncDispose]())
const token = await here.house.developerToken('https://management.cardea.internal')
const manage = (method: string, properties?: object): Promise<Heard> =>
  here.house.ask('management.cardea.internal', method, `${here.store.resourceId}?api-version=2024-05-01`, {
    token,
    ...(properties && { body: { properties } }),
  })

const limit = async (cardea: object): Promise<Heard> => manage('PATCH', { cardea })
const taken = async (): Promise<number> => (await manage('GET')).json.properties.cardea.storageBytes
const random = (bytes: number) => Buffer.alloc(bytes, 'x').toString()
const mebibyte = 1024 * 1024

describe('a setting', () => {
  it('may be as large as its store says, on every way in', async () => {
    const set = { do: 'set', key: 'large', value: random(50_000) }
    const several = () => here.send('POST', '/.cardea/changesets', { body: { changes: [set] } })
    assert.equal((await here.put('large', set.value)).status, 413)
    assert.equal((await several()).status, 413)
    assert.equal((await limit({ settingBytesMax: 65_536 })).json.properties.cardea.settingBytesMax, 65_536)
    assert.equal((await here.put('large', set.value)).status, 200)
    assert.equal((await here.send('GET', at('large'))).json.value, set.value)
    assert.equal((await several()).status, 200)
    const body = { value: random(70_000) }
    const { detail } = await problem(at('large'), { method: 'PUT', body })
    assert.match(detail, /at most 65536 bytes.*This one has 70005/)
    await limit({ settingBytesMax: 10_240 })
    assert.equal((await here.put('large', `${set.value}.`)).status, 413)
    assert.equal((await here.send('PUT', `/locks/large?${version}`)).status, 200)
    assert.equal((await here.send('DELETE', `/locks/large?${version}`)).status, 200)
  })

  it('of as many bytes as any store may allow is written with every character escaped', async () => {
    await limit({ settingBytesMax: 131_072 })
    const value = '\u0001'.repeat(131_072 - 'escaped'.length)
    assert.equal((await here.put('escaped', value)).status, 200)
    assert.equal((await here.send('GET', at('escaped'))).json.value, value)
    assert.match((await here.put('escaped', `${value}\u0001`)).json.detail, /has 131073\.$/)
  })
})

describe('a store', () => {
  it('that is full takes nothing more, says how much it takes and may, and lets itself be read and emptied', async () => {
    const before = await taken()
    assert.ok(before > 0)
    const allowed = Math.max(before, mebibyte) + 30_000
    assert.equal((await limit({ storageBytesMax: allowed })).status, 200)
    let answer: Heard
    do answer = await here.put('filling', random(9_000 + Math.floor(Math.random() * 1_000)))
    while (answer.status === 200)
    assert.deepEqual([answer.status, answer.headers['retry-after-ms']], [429, undefined])
    const { type, title, policy, status, detail } = answer.json
    assert.deepEqual(
      [type, title, policy, status],
      [
        'https://azconfig.io/errors/too-many-requests',
        'Resource utilization has surpassed the assigned quota',
        'Storage',
        429,
      ],
    )
    const [, most, would] = /at most (\d+) bytes\. With this they would take (\d+)\./.exec(detail) ?? []
    assert.equal(Number(most), allowed)
    assert.ok(Number(would) > allowed && (await taken()) <= allowed)

    const filler = random(9_000)
    const changes = ['a', 'b', 'c', 'd'].map((key) => ({ do: 'set', key, value: filler }))
    assert.equal((await here.send('POST', '/.cardea/changesets', { body: { changes } })).status, 429)
    assert.equal((await here.send('GET', at('a'))).status, 404)
    assert.equal((await here.send('GET', at('filling'))).status, 200)
    assert.equal((await here.send('DELETE', at('filling'))).status, 200)
    assert.equal((await limit({ storageBytesMax: null })).json.properties.cardea.storageBytesMax, null)
    assert.equal((await here.put('filling', 'more')).status, 200)
  })

  it('that is full makes no snapshot: it fails, and says that it was the quota', async () => {
    for (const key of ['shot/1', 'shot/2', 'shot/3']) await here.put(key, random(9_000))
    await limit({ storageBytesMax: Math.max(mebibyte, await taken()) + 2_000 })
    while ((await here.put('filling', random(100 + Math.floor(Math.random() * 9_000)))).status === 200);
    const body = { filters: [{ key: 'shot/*' }] }
    assert.equal((await here.send('PUT', `/snapshots/full?${version}`, { body })).status, 201)
    const operation = async () => (await here.send('GET', `/operations?snapshot=full&${version}`)).json
    let found = await operation()
    for (; found.status === 'NotStarted' || found.status === 'Running'; found = await operation()) {}
    assert.deepEqual([found.status, found.error.code], ['Failed', 'QuotaExceeded'])
  })

  it('is told how much by numbers that make sense alone', async () => {
    for (const cardea of [
      { settingBytesMax: 100 },
      { settingBytesMax: 131_073 },
      { settingBytesMax: 'many' },
      { settingBytesMax: 20_000.5 },
      { storageBytesMax: 0 },
      { storageBytesMax: -1 },
      { storageBytesMax: '1 GB' },
    ])
      assert.equal((await limit(cardea)).status, 400, JSON.stringify(cardea))
  })

  it('can be put back as it was read', async () => {
    await limit({ storageBytesMax: 50 * mebibyte, settingBytesMax: 20_000 })
    const { json } = await manage('GET')
    const token = await here.house.developerToken('https://management.cardea.internal')
    const put = await here.house.ask(
      'management.cardea.internal',
      'PUT',
      `${here.store.resourceId}?api-version=2024-05-01`,
      { token, body: json },
    )
    assert.equal(put.status, 200, put.text)
    assert.equal(put.json.properties.cardea.storageBytesMax, 50 * mebibyte)
  })
})
