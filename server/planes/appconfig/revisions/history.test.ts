import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { historyTrimming } from '#core/configuration/history.ts'
import { scheduleAt } from '#core/schedule/schedule.ts'
import type { ManagedStore } from '#core/vaults/store.ts'
import { keepStore, storeNamed } from '#core/vaults/vaults.ts'
import { asks, at } from '../testing/asks.ts'
import { runningStore, version } from '../testing/store.ts'

let ahead = 0
const clock = () => Date.now() + ahead
const { ok, problem, fill, pages, get } = asks(() => here)
const here = await runningStore({}, { clock })
after(() => here[Symbol.asyncDispose]())

type Item = { key: string; label: string | null; value: string; locked: boolean; etag: string }
const items = async (path: string, headers: Record<string, string> = {}): Promise<Item[]> =>
  (await ok('GET', path, { headers })).json.items
const values = async (path: string, headers: Record<string, string> = {}) =>
  (await items(path, headers)).map(({ value }) => value)
/** An instant, with nothing else happening in the second before and after it. */
const instant = () => {
  ahead += 2_000
  const now = new Date(clock()).toISOString()
  ahead += 2_000
  return now
}

/** Has what is old forgotten now. */
const trim = async () => {
  const { database } = here.house.cardea.base
  await database.write((turn) => scheduleAt(turn, historyTrimming, 'all', turn.at))
  for (let waits = 0; waits < 200; waits += 1) {
    const due = await database.read.run(`select at from due where kind = '${historyTrimming}'`, [])
    if ((due.rows[0] as { at: number }).at > clock()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail('nobody trimmed')
}

describe('revisions', () => {
  it('tell what a setting was, the newest first, and of deletions nothing', async () => {
    await here.put('told', '1', '&label=l')
    await here.put('told', '2', '&label=l')
    await here.put('told', '2', '&label=l')
    await ok('PUT', `/locks/told?${version}&label=l`)
    await ok('DELETE', `/locks/told?${version}&label=l`)
    await ok('DELETE', at('told', '&label=l'))
    await here.put('told', '3', '&label=l')
    const found = await items(`/revisions?key=told&${version}`)
    assert.deepEqual(
      found.map(({ value, locked }) => `${value}${locked ? ' locked' : ''}`),
      ['3', '2', '2 locked', '2', '1'],
    )
    assert.equal(new Set(found.map(({ etag }) => etag)).size, 5)
  })

  it('are chosen by key, label, tags and fields', async () => {
    for (const label of ['', 'a', 'ab']) {
      await here.send('PUT', at('some', `&label=${label}`), { body: { value: `${label}1`, tags: { t: '1' } } })
      await here.put('some', `${label}2`, `&label=${label}`)
    }
    const found = (query: string) => values(`/revisions?key=some&${version}${query}`)
    assert.deepEqual(await found(''), ['2', '1', 'a2', 'a1', 'ab2', 'ab1'])
    assert.deepEqual(await found('&label=%00'), ['2', '1'])
    assert.deepEqual(await found('&label=a*'), ['a2', 'a1', 'ab2', 'ab1'])
    assert.deepEqual(await found('&tags=t%3D1'), ['1', 'a1', 'ab1'])
    assert.deepEqual(await items(`/revisions?key=some&label=a&$select=value&${version}`), [
      { value: 'a2' },
      { value: 'a1' },
    ])
    assert.equal((await problem(`/revisions?key=*x&${version}`)).name, 'key')
  })

  it('are given by range', async () => {
    for (let number = 0; number < 7; number += 1) await here.put('ranged', String(number))
    const path = `/revisions?key=ranged&${version}`
    const part = async (range: string) => {
      const { status, headers, text } = await get(path, { range })
      const found =
        text === ''
          ? undefined
          : JSON.parse(text)
              .items.map(({ value }: Item) => value)
              .join('')
      return [status, headers['content-range'], found]
    }
    assert.deepEqual(await part('items=0-2'), [206, 'items 0-2/7', '654'])
    assert.deepEqual(await part('items=5-20'), [206, 'items 5-6/7', '10'])
    assert.deepEqual(await part('items=2-'), [206, 'items 2-6/7', '43210'])
    assert.deepEqual(await part('items=7-9'), [416, 'items */7', undefined])
    for (const range of ['bytes=0-2', 'items=3-1', 'items=a-b', 'items=-1'])
      assert.deepEqual(await part(range), [200, undefined, '6543210'])
    assert.equal((await get(path)).headers['accept-ranges'], 'items')
    assert.equal((await here.send('HEAD', path, { headers: { range: 'items=0-2' } })).status, 206)
  })

  it('fill pages that tell of one state while others write', async () => {
    await fill('paged/', 0, 120)
    await fill('paged/', 0, 60, '&label=x')
    const found = await pages(`/revisions?key=paged/*&${version}`, async (page) => {
      await here.put('paged/0005', `between ${page}`)
      await here.put('paged/0119', `between ${page}`)
      await here.put('paged/0119a', `between ${page}`)
    })
    const told = found.flatMap((page) => page.items)
    assert.equal(told.length, 180)
    assert.ok(told.every(({ value }) => value === 'v'))
    assert.equal(new Set(told.map(({ key, label }) => `${key}|${label}`)).size, 180)
  })

  it('are forgotten after thirty days, and what is in force never', async () => {
    await here.put('aged', 'first')
    await here.put('aged', 'second')
    const path = `/revisions?key=aged&${version}`
    ahead += 29 * 86_400_000
    await trim()
    assert.deepEqual(await values(path), ['second', 'first'])
    ahead += 2 * 86_400_000
    await trim()
    assert.deepEqual(await values(path), ['second'])
  })

  it('are forgotten when their store says so', async () => {
    const { database } = here.house.cardea.base
    const remember = (historySeconds: number) =>
      database.write(async (turn) => {
        const store = (await storeNamed(turn.sql, here.store.name)) as ManagedStore
        await keepStore(turn, { ...store, historySeconds })
      })
    await remember(7_200)
    await here.put('brief', 'first')
    await here.put('brief', 'second')
    ahead += 3_600_000
    await trim()
    assert.equal((await values(`/revisions?key=brief&${version}`)).length, 2)
    ahead += 3_700_000
    await trim()
    assert.deepEqual(await values(`/revisions?key=brief&${version}`), ['second'])
    await remember(30 * 86_400)
  })
})

describe('time travel', () => {
  it('shows one setting as it was: written, changed, deleted and written again', async () => {
    const before = instant()
    await here.put('travelled', '1')
    const first = instant()
    await here.put('travelled', '2')
    const second = instant()
    await ok('DELETE', at('travelled'))
    const gone = instant()
    await here.put('travelled', '3')
    const then = async (when: string) => {
      const { status, json, headers } = await get(at('travelled'), { 'accept-datetime': when })
      return [status, json?.value, headers['memento-datetime'] === new Date(when).toUTCString()]
    }
    assert.deepEqual(await then('1970-01-01T00:00:00.000Z'), [404, undefined, true])
    assert.deepEqual(await then(before), [404, undefined, true])
    assert.deepEqual(await then(first), [200, '1', true])
    assert.deepEqual(await then(new Date(first).toUTCString()), [200, '1', true])
    assert.deepEqual(await then(second), [200, '2', true])
    assert.deepEqual(await then(gone), [404, undefined, true])
    assert.deepEqual(await then(new Date(clock() + 60_000).toISOString()), [200, '3', false])
  })

  it('is to the same instant in every way that clients write it, wherever the server stands', async () => {
    await here.put('spelled', '1')
    const then = instant()
    ahead += 5_000
    await here.put('spelled', '2')
    const [day, time] = then.slice(0, 19).split('T')
    const zone = process.env.TZ
    process.env.TZ = 'Pacific/Kiritimati'
    try {
      for (const written of [
        `${day}T${time}`,
        `${day}T${time}UTC`,
        `${day}T${time}+00:00`,
        // As the Python client writes a `datetime`.
        `${day} ${time}`,
        `${day} ${time}.123456`,
        `${day} ${time}.123456+00:00`,
        new Date(then).toUTCString(),
      ]) {
        const { json, headers } = await ok('GET', at('spelled'), { headers: { 'accept-datetime': written } })
        assert.equal(json.value, '1', written)
        assert.equal(headers['memento-datetime'], new Date(then).toUTCString(), written)
      }
    } finally {
      if (zone === undefined) delete process.env.TZ
      else process.env.TZ = zone
    }
  })

  it('shows a setting at the very time that the setting says it was written', async () => {
    const { json } = await ok('PUT', at('stamped'), { body: { value: 'v' } })
    ahead += 5_000
    await here.put('stamped', 'w')
    assert.equal(
      (await ok('GET', at('stamped'), { headers: { 'accept-datetime': json.last_modified } })).json.value,
      'v',
    )
  })

  it('shows every list as it was', async () => {
    await here.put('lists/a', '1', '&label=lists-x')
    await here.put('lists/b', '1', '&label=lists-y')
    const headers = { 'accept-datetime': instant() }
    await ok('DELETE', at('lists/a', '&label=lists-x'))
    await here.put('lists/b', '2', '&label=lists-y')
    await here.put('lists/c', '2', '&label=lists-z')
    const names = async (path: string, sent: Record<string, string> = {}) =>
      (await ok('GET', path, { headers: sent })).json.items.map(({ name }: { name: string }) => name)
    assert.deepEqual(await values(`/kv?key=lists/*&${version}`, headers), ['1', '1'])
    assert.deepEqual(await values(`/kv?key=lists/*&${version}`), ['2', '2'])
    assert.deepEqual(await names(`/keys?name=lists/*&${version}`, headers), ['lists/a', 'lists/b'])
    assert.deepEqual(await names(`/keys?name=lists/*&${version}`), ['lists/b', 'lists/c'])
    assert.deepEqual(await names(`/labels?name=lists-*&${version}`, headers), ['lists-x', 'lists-y'])
    assert.deepEqual(await names(`/labels?name=lists-*&${version}`), ['lists-y', 'lists-z'])
    assert.deepEqual(await values(`/revisions?key=lists/*&${version}`, headers), ['1', '1'])
    assert.deepEqual(await values(`/revisions?key=lists/*&${version}`), ['1', '2', '1', '2'])
  })

  it('to what is no date is refused', async () => {
    for (const path of [at('a'), `/kv?${version}`, `/keys?${version}`, `/labels?${version}`, `/revisions?${version}`])
      for (const date of ['yesterday', '2026-02-30T00:00:00Z', 'Mon, 30 Feb 2026 00:00:00 GMT', '2026', ''])
        assert.equal((await problem(path, { headers: { 'accept-datetime': date } })).name, 'Accept-Datetime', date)
  })
})

describe('pages of settings', () => {
  it('tell of one state, whatever others write, delete and lock between them', async () => {
    await fill('one/', 0, 350)
    const path = `/kv?key=one/*&${version}`
    let random = 7
    const next = (below: number) => {
      random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
      return random % below
    }
    let state: string | undefined
    for (let round = 0; round < 5; round += 1) {
      const now = async () =>
        (await pages(path)).flatMap((page) => page.items.map(({ key, value }) => `${key}=${value}`))
      state = (await now()).join()
      const found = await pages(path, async () => {
        for (let deed = 0; deed < 12; deed += 1) {
          const key = `one/${String(next(380)).padStart(4, '0')}`
          const kind = next(3)
          if (kind === 0) await here.send('DELETE', at(key))
          else await here.put(key, `round ${round} deed ${deed}`)
        }
      })
      assert.equal(found.flatMap((page) => page.items.map(({ key, value }) => `${key}=${value}`)).join(), state)
      assert.notEqual((await now()).join(), state)
    }
  })
})
