import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { Fault } from '#base/fault.ts'
import { type House, openHouse } from '../../testing/house.ts'
import { openNodes } from '../../testing/nodes.ts'
import { SharedQuota } from './shared-quota.ts'

let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())

/** Several nodes that count one thing together. */
const nodes = (count: number, kind: string, max: number, windowMs: number) =>
  Array.from(
    { length: count },
    () => new SharedQuota(house.cardea.base.database, kind, { max, windowMs }, () => now),
  ) as [SharedQuota, SharedQuota, ...SharedQuota[]]
/** 0 where it was let through; else for how long it is not. */
const outcome = async (quota: SharedQuota, name = 'one'): Promise<number> => {
  try {
    await quota.spend(name, 'slow down')
    return 0
  } catch (error) {
    assert.ok(error instanceof Fault && error.code === 'throttled' && error.message === 'slow down')
    return Number(error.particulars.retryMs)
  }
}
const passing = async (quota: SharedQuota, asked: number, name?: string): Promise<number> => {
  let passed = 0
  for (let count = 0; count < asked; count += 1) if ((await outcome(quota, name)) === 0) passed += 1
  return passed
}

describe('a quota that nodes share', () => {
  it('lets through exactly as many as it says, whichever of them is asked, also all at once', async () => {
    const [one, two, three] = nodes(3, 'exactly', 400, 10_000)
    assert.equal(await passing(one, 250), 250)
    const rest = await Promise.all(
      [two, three as SharedQuota].flatMap((node) => Array.from({ length: 150 }, () => outcome(node))),
    )
    const kept = await passing(one, 400)
    assert.equal(250 + rest.filter((wait) => wait === 0).length + kept, 400)
    assert.equal(await passing(two, 10, 'another'), 10)
  })

  it('is there whole for who is sent to one node alone', async () => {
    const [one] = nodes(2, 'pinned', 300, 10_000)
    assert.equal(await passing(one, 350), 300)
  })

  it('counts for all nodes what one that was let through turned out to weigh', async () => {
    const [one, two] = nodes(2, 'weighs', 40, 10_000)
    assert.equal(await passing(one, 1), 1)
    one.charge('one', 7)
    const before = await passing(one, 1)
    const others = await passing(two, 40)
    assert.equal(1 + 7 + before + others + (await passing(one, 40)), 40)
  })

  it('says for how long it lets nobody through, and lets them through then', async () => {
    const [one, two] = nodes(2, 'waits', 3, 10_000)
    assert.deepEqual([await passing(one, 2), await passing(two, 2)], [2, 1])
    const waitMs = await outcome(two)
    assert.ok(waitMs > 9_000 && waitMs <= 10_500, String(waitMs))
    now += waitMs
    assert.equal(await outcome(two), 0)
  })

  it('lets through no more in any stretch of its window, and little less, however the nodes are asked', async () => {
    const [max, windowMs] = [40, 2000]
    const all = nodes(3, 'random', max, windowMs)
    const passed: number[] = []
    let asked = 0
    let seed = 7
    const begin = now
    for (let count = 0; count < 3000; count += 1) {
      seed = (seed * 48_271) % 2_147_483_647
      now += seed % 40
      asked += 1
      if ((await outcome(all[seed % 3 === 0 ? 0 : (seed >> 8) % 3] as SharedQuota)) === 0) passed.push(now)
    }
    for (let index = max; index < passed.length; index += 1) {
      assert.ok((passed[index] as number) - (passed[index - max] as number) >= windowMs)
    }
    const possible = Math.min(asked, ((now - begin) / windowMs) * max)
    assert.ok(passed.length > possible * 0.75, `${passed.length} of ${possible}`)
  })

  it('asks the database seldom: a few times for thousands, and not for each that is refused', async () => {
    let turns = 0
    const { database } = house.cardea.base
    const counting = {
      write: (work: Parameters<typeof database.write>[0]) => {
        turns += 1
        return database.write(work)
      },
    } as unknown as ConstructorParameters<typeof SharedQuota>[0]
    const quota = new SharedQuota(counting, 'seldom', { max: 4000, windowMs: 10_000 }, () => now)
    assert.equal(await passing(quota, 4500), 4000)
    assert.ok(turns < 40, String(turns))
  })

  it('returns what it claimed and didn’t need', async () => {
    const [one, two] = nodes(2, 'returns', 100, 10_000)
    assert.equal(await passing(one, 40), 40)
    now += 600
    // The next claim, in another slot, gives back what was left of the first.
    assert.equal(await passing(one, 1), 1)
    const rest = await passing(two, 100)
    // Without it, 16 of the 56 that were claimed would be lost; what the second claim holds ready is.
    assert.ok(rest >= 50, String(rest))
  })
})

const postgres = needs('PostgreSQL', findPostgres)
describe('two nodes on one PostgreSQL with a quota', { skip: postgres.skip }, () => {
  let database: TestPostgres
  before(async () => {
    database = await startPostgres()
  })
  after(() => database?.[Symbol.asyncDispose]())

  it('let through together what one would let through alone, and say when to come back', async () => {
    const at = Date.now()
    await using pair = await openNodes(database.url(), { env: { CARDEA_QUOTA: '30' }, clock: () => at })
    const { one, two } = pair
    const token = await one.developerToken()
    const get = async (node: House) => node.ask(node.vaultHost, 'GET', '/secrets?api-version=7.4', { token })
    const heard = await Promise.all(Array.from({ length: 50 }, (_, index) => get(index % 2 === 0 ? one : two)))
    assert.deepEqual(
      [200, 429].map((status) => heard.filter((one) => one.status === status).length),
      [30, 20],
    )
    for (const { status, headers } of heard) {
      if (status === 429) assert.match(headers['retry-after'] ?? '', /^(9|10|11)$/)
    }
  })
})
