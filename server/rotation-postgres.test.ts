import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { Client } from 'pg'
import { openHouse } from './testing/house.ts'
import { fastTimes, openRotating, type Rotating } from './testing/rotating.ts'

/** Rotations at a real target: what was published has to log in, and what was taken away must not. */
const postgres = needs('PostgreSQL', findPostgres)

const loggedIn = async (value: string): Promise<true | string> => {
  const client = new Client({ connectionString: value, connectionTimeoutMillis: 3_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch (error) {
    return String((error as { code?: string }).code)
  } finally {
    await client.end().catch(() => {})
  }
}

const bindingOf = (target: TestPostgres) => ({
  provider: 'postgres',
  binding: { host: target.host, port: target.port, database: 'shop', admin: 'db-admin', roles: ['shop_a', 'shop_b'] },
  intervalSeconds: null,
  graceSeconds: 0,
})

/** Real requests take longer than those to a far side in memory. */
const times = { ...fastTimes, requestMs: 2_000, leaseMs: 5_000, quarantineMs: 7_500, graceMs: 8_000, giveUpMs: 30_000 }

async function bound(target: TestPostgres, env: Record<string, string> = {}): Promise<Rotating> {
  const here = await openRotating({ env, rotation: { times } })
  await here.set('db-admin', target.url())
  const heard = await here.bind('db', bindingOf(target))
  assert.equal(heard.status, 200, heard.text)
  await here.reaches('db', 'done')
  return here
}
const currentValue = async (here: Rotating): Promise<string> => (await here.get('db')).json.value

describe('a pair of PostgreSQL roles', { skip: postgres.skip }, () => {
  it('rotates fifty times while somebody reads in a loop, and every value that is read logs in', async (context) => {
    await using target = await startPostgres({ database: 'shop' })
    await using here = await bound(target)
    await here.bind('db', { ...bindingOf(target), graceSeconds: 30 })
    const durations: number[] = []
    const values = new Set<string>()
    let reads = 0
    let rotating = true
    const reader = (async () => {
      while (rotating) {
        const { value, id } = (await here.get('db')).json
        values.add(value)
        // Says what it runs on before it does: so no credential may be taken away that it uses.
        await here.report('reader', { db: id.split('/').at(-1) })
        assert.equal(await loggedIn(value), true)
        reads += 1
      }
    })()
    for (let turn = 0; turn < 50; turn += 1) {
      const since = performance.now()
      const old = await currentValue(here)
      await here.rotate('db')
      await here.reaches('db', 'done')
      durations.push(performance.now() - since)
      const now = await currentValue(here)
      assert.notEqual(now, old)
      assert.equal(await loggedIn(now), true)
    }
    rotating = false
    await reader
    durations.sort((a, b) => a - b)
    context.diagnostic(
      `50 rotations: ${durations[25]?.toFixed(0)} ms in the middle, ${durations[49]?.toFixed(0)} ms at most; ${reads} reads of ${values.size} values, each logged in`,
    )
  })

  it('refuses the old credential once it is done, and ends the sessions that it opened', async () => {
    await using target = await startPostgres({ database: 'shop' })
    await using here = await bound(target)
    const old = await currentValue(here)
    const session = new Client({ connectionString: old })
    const ended = new Promise((resolve) => session.on('error', resolve))
    await session.connect()
    await here.rotate('db')
    await here.reaches('db', 'done')
    assert.match(String(await loggedIn(old)), /28P01|28000/)
    await ended
    assert.equal(await loggedIn(await currentValue(here)), true)
  })

  it('waits out a target that is down, then one that is up again', async () => {
    await using target = await startPostgres({ database: 'shop' })
    await using here = await bound(target)
    const old = await currentValue(here)
    await target.kill()
    await here.rotate('db')
    await here.until('it says so', async () => (await here.show('db')).rotation?.lastError !== null)
    assert.equal(await currentValue(here), old)
    await target.restart()
    await here.reaches('db', 'done')
    assert.equal(await loggedIn(await currentValue(here)), true)
    assert.notEqual(await loggedIn(old), true)
  })

  it('says that the administrator is refused, changes nothing, and goes on with the right one', async () => {
    await using target = await startPostgres({ database: 'shop' })
    await using here = await bound(target)
    const old = await currentValue(here)
    await here.set('db-admin', target.url('postgres', 'not-the-password'))
    await here.rotate('db')
    await here.until('it says so', async () =>
      /password authentication failed for user "postgres"/.test((await here.show('db')).rotation?.lastError ?? ''),
    )
    assert.equal(await loggedIn(old), true)
    assert.ok(!JSON.stringify(await here.show('db')).includes('not-the-password'))
    await here.set('db-admin', target.url())
    await here.reaches('db', 'done')
    assert.equal(await loggedIn(await currentValue(here)), true)
  })

  it('is rotated by one of two nodes that share a database, never by both', async () => {
    await using target = await startPostgres({ database: 'shop' })
    await using shared = await startPostgres({ database: 'cardea' })
    const env = { CARDEA_DATABASE: shared.url() }
    await using here = await bound(target, env)
    await using other = await openHouse({ data: here.house.data, env, rotation: { times } })
    for (let turn = 0; turn < 10; turn += 1) {
      const old = await currentValue(here)
      // Both hear of it in the same millisecond.
      await here.rotate('db')
      await here.reaches('db', 'done')
      const { value } = (await other.ask(other.vaultHost, 'GET', '/secrets/db?api-version=7.4', { token: here.token }))
        .json
      assert.notEqual(value, old)
      assert.equal(await loggedIn(value), true)
    }
    const { rows } = await here.house.cardea.base.database.read.run(
      'select count(*) as versions, count(distinct rotation) as rotations from secret_version where rotation is not null',
      [],
    )
    assert.deepEqual({ ...(rows[0] as object) }, { versions: 11, rotations: 11 })
  })
})
