import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import type { Provider } from '@cardea/contract/rotation/provider'
import { providersWith } from '@cardea/providers/providers'
import { farSideOf } from '@cardea/providers/testing/far-side'
import { fastTimes, openRotating } from '@cardea/server/testing/rotating'
import { findMariadb, startMariadb } from '@cardea/tools/servers/mariadb'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { findRedis, startRedis } from '@cardea/tools/servers/redis'
import { needs } from '@cardea/tools/servers/require'
import { Client } from 'pg'

/**
 * Azure's own client reads in a tight loop while a credential rotates again and again: each value that it was ever given
 * logs in to the real server at that moment, and the old one is refused once its rotation is done. Where a target takes
 * one credential at a time, it is measured how long a reader can't log in. Forty times, or as often as ROTATIONS says.
 */
const rotations = Number(process.env.ROTATIONS ?? 40)
const times = { ...fastTimes, requestMs: 2_000, leaseMs: 5_000, quarantineMs: 7_500, graceMs: 8_000, giveUpMs: 30_000 }
const providers = providersWith({ loopback: true })

type Bound = {
  readonly provider: string
  readonly binding: unknown
  readonly administrator: string
  /** Where one credential lives at a time, what is published is refused for a moment: that is measured. */
  readonly singly?: boolean
}

async function rotatesUnderReader(
  { provider, binding, administrator, singly = false }: Bound,
  first?: string,
): Promise<string> {
  await using here = await openRotating({ rotation: { times, providers } })
  await here.set('admin', administrator)
  if (first !== undefined) await here.set('target', first)
  const heard = await here.bind('target', { provider, binding, intervalSeconds: null, graceSeconds: 30 })
  assert.equal(heard.status, 200, heard.text)
  if (first === undefined) await here.reaches('target', 'done')
  const known = providers.get(provider) as Provider
  const far = farSideOf(known.binding.read(binding, 'binding'), { admin: administrator })
  const logsIn = (value: string) => known.probe({ value, slot: undefined }, far)

  const child = spawn(process.execPath, [join(import.meta.dirname, 'clients', 'read-loop.js'), 'target'], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...here.house.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  let [reads, last] = [0, '']
  const values = new Set<string>()
  const outages: number[] = []
  let failingSince: number | undefined
  const meets = (works: boolean) => {
    assert.ok(works || singly, 'a value that was read does not log in')
    if (!works) failingSince ??= performance.now()
    else if (failingSince !== undefined) {
      outages.push(performance.now() - failingSince)
      failingSince = undefined
    }
  }
  // The next is read once the last has logged in: what waits in a pipe grows old, and its credential may rightly be gone.
  const next = () => void (rotating && child.stdin.write('\n'))
  let rotating = true
  next()
  const reading = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      const [value, version] = JSON.parse(line) as [string, string]
      // Says what it runs on, as an application does that has read it: so no credential goes that is in use.
      if (version !== last) await here.report('reader', { target: version })
      meets((await logsIn(value)) === 'valid')
      ;[reads, last] = [reads + 1, version]
      values.add(value)
      next()
    }
  })()
  const alive = setInterval(() => void (last !== '' && here.report('reader', { target: last })), 400)
  try {
    for (let turn = 0; turn < rotations; turn += 1) {
      const old = (await here.get('target')).json.value as string
      await here.rotate('target')
      const { state, lastError } = await here.reaches('target', 'done', 'aborted', 'blocked')
      assert.equal(state, 'done', String(lastError))
      assert.equal(await logsIn(old), 'invalid')
      assert.equal(await logsIn((await here.get('target')).json.value), 'valid')
    }
  } finally {
    clearInterval(alive)
    rotating = false
    child.stdin.end()
    await reading
  }
  assert.deepEqual(await closed, [0, null])
  const seen = `${rotations} rotations, ${reads} reads of ${values.size} values`
  if (!singly) return `${seen}, each logged in`
  const ms = outages.sort((a, b) => a - b).map(Math.round)
  const [middle = 0, longest = 0] = [ms[Math.floor(ms.length / 2)], ms.at(-1)]
  return `${seen}; ${ms.length} outages were met, p50 ${middle} ms, the longest ${longest} ms`
}

const [mariadb, redis] = [needs('MariaDB', findMariadb), needs('Redis', findRedis)]
const postgres = needs('PostgreSQL', findPostgres)

describe('rotations under Azure’s own client', () => {
  it('of a user of MariaDB fail no reader', { skip: mariadb.skip }, async (context) => {
    await using target = await startMariadb()
    await target.say("create user shop@'%' identified by 'first'")
    const { host, port } = target
    const binding = { host, port, admin: 'admin', user: 'shop' }
    context.diagnostic(await rotatesUnderReader({ provider: 'mariadb', binding, administrator: target.url() }, 'first'))
  })

  it('of a user of Redis fail no reader', { skip: redis.skip }, async (context) => {
    await using target = await startRedis()
    await target.say('ACL SETUSER shop on >first +@all ~*')
    const { host, port } = target
    const binding = { host, port, admin: 'admin', user: 'shop', format: 'uri' }
    context.diagnostic(await rotatesUnderReader({ provider: 'redis', binding, administrator: target.url() }, 'first'))
  })

  it('of a pair of PostgreSQL roles fail no reader', { skip: postgres.skip }, async (context) => {
    await using target = await startPostgres({ database: 'shop' })
    const { host, port } = target
    const binding = { host, port, database: 'shop', admin: 'admin', roles: ['shop_a', 'shop_b'] }
    context.diagnostic(await rotatesUnderReader({ provider: 'postgres', binding, administrator: target.url() }))
  })

  it('of one PostgreSQL role have an outage, which is measured', { skip: postgres.skip }, async (context) => {
    await using target = await startPostgres({ database: 'shop' })
    const root = new Client(target.url())
    await root.connect()
    await root.query("create role shop login password 'first'")
    await root.end()
    const { host, port } = target
    const binding = { host, port, database: 'shop', admin: 'admin', role: 'shop' }
    const bound = { provider: 'postgres-role', binding, administrator: target.url(), singly: true }
    context.diagnostic(await rotatesUnderReader(bound, 'first'))
  })
})
