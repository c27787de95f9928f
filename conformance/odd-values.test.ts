import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FarSide, Provider } from '@cardea/contract/rotation/provider'
import { providersWith } from '@cardea/providers/providers'
import { farSideOf } from '@cardea/providers/testing/far-side'
import { fastTimes, openRotating } from '@cardea/server/testing/rotating'
import { findMariadb, startMariadb } from '@cardea/tools/servers/mariadb'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { findRabbitmq, startRabbitmq } from '@cardea/tools/servers/rabbitmq'
import { findRedis, startRedis } from '@cardea/tools/servers/redis'
import { needs } from '@cardea/tools/servers/require'
import { Client } from 'pg'

/**
 * A password that is pasted into SQL, a URL, a command or a line of a protocol would be found here: each of these is set
 * at the real target by the provider, logs in there, and nothing like it does; and a secret that holds the worst of them
 * rotates away from it through the whole engine.
 */
const odd = [
  `it's "quoted" \\ and \`ticked\``,
  '100%s %27 %00 %n %',
  'p@ss:w/rd?#[1]&a=b;c',
  '$1 $x $(id) {{x}} <%= x %>',
  "'; drop user shop; --",
  'pässwörd 日本語 🔑 ⅸ',
  'line\nbreak\r\nand\ttab',
  ' leading and trailing ',
]
const worst = odd.join('|')

const providers = providersWith({ loopback: true })
const times = {
  ...fastTimes,
  requestMs: 4_000,
  leaseMs: 9_000,
  quarantineMs: 13_500,
  graceMs: 14_000,
  giveUpMs: 60_000,
}

type Bound = {
  readonly provider: string
  readonly binding: object
  readonly administrator: string
  readonly scheme: string
}

/** The forms in which a value may hold a password; as it is only where it has no signs that end lines. */
function formsOf(scheme: string, user: string, password: string): string[] {
  const uri = `${scheme}://${user}:${encodeURIComponent(password)}@target.example/x`
  const json = JSON.stringify({ username: user, password })
  return /\p{Cc}/u.test(password) || scheme === 'postgresql' ? [uri, json] : [password, uri, json]
}

async function takesOddValues({ provider: name, binding, administrator, scheme }: Bound, user = 'shop', slot?: string) {
  const provider = providers.get(name) as Provider
  const far = (): FarSide<unknown> => ({
    ...farSideOf(provider.binding.read(binding, 'binding'), { admin: administrator }),
    signal: AbortSignal.timeout(30_000),
  })
  const probe = (value: string) => provider.probe({ value, slot }, far())
  for (const password of [...odd, worst]) {
    for (const value of formsOf(scheme, user, password)) {
      await provider.apply({ value, slot }, far())
      assert.equal(await probe(value), 'valid', value)
      for (const near of [`${password}x`, password.slice(1), password.replaceAll('%', '%25')]) {
        if (near === password) continue
        const [like = ''] = formsOf(scheme, user, near).slice(-1)
        assert.equal(await probe(like), 'invalid', `${near} is not ${password}`)
      }
    }
    if (provider.kind !== 'set') continue
    const [value = ''] = formsOf(scheme, user, password)
    await provider.retire({ value, slot }, far())
    assert.equal(await probe(value), 'invalid', value)
  }

  const [value = ''] = formsOf(scheme, user, worst)
  await provider.apply({ value, slot }, far())
  await using here = await openRotating({ rotation: { times, providers } })
  await here.set('admin', administrator)
  await here.set('target', value)
  const heard = await here.bind('target', { provider: name, binding, intervalSeconds: null, graceSeconds: 0 })
  assert.equal(heard.status, 200, heard.text)
  await here.rotate('target')
  const { state, lastError } = await here.reaches('target', 'done', 'aborted', 'blocked')
  assert.equal(state, 'done', String(lastError))
  const now = (await here.get('target')).json.value as string
  assert.equal(await provider.probe({ value: now, slot: undefined }, far()), 'valid')
  assert.equal(await probe(value), 'invalid')
}

const postgres = needs('PostgreSQL', findPostgres)
const mariadb = needs('MariaDB', findMariadb)
const redis = needs('Redis', findRedis)
const rabbitmq = needs('RabbitMQ', findRabbitmq)

describe('a password with quotes, percent signs, other scripts and ends of lines', () => {
  it('of a PostgreSQL role rotates', { skip: postgres.skip }, async () => {
    await using target = await startPostgres()
    const root = new Client(target.url())
    await root.connect()
    await root.query("create role shop login password 'first'")
    await root.end()
    const { host, port, database } = target
    const binding = { host, port, database, admin: 'admin', role: 'shop' }
    await takesOddValues({ provider: 'postgres-role', binding, administrator: target.url(), scheme: 'postgresql' })
  })

  it('of a pair of PostgreSQL roles rotates', { skip: postgres.skip }, async () => {
    await using target = await startPostgres()
    const { host, port, database } = target
    const binding = { host, port, database, admin: 'admin', roles: ['shop', 'shop_b'] }
    const bound = { provider: 'postgres', binding, administrator: target.url(), scheme: 'postgresql' }
    await takesOddValues(bound, 'shop', 'shop')
  })

  it('of a user of MariaDB rotates', { skip: mariadb.skip }, async () => {
    await using target = await startMariadb()
    await target.say("create user shop@'%' identified by 'first'")
    const { host, port } = target
    const binding = { host, port, admin: 'admin', user: 'shop' }
    await takesOddValues({ provider: 'mariadb', binding, administrator: target.url(), scheme: 'mysql' })
  })

  it('of a user of Redis rotates', { skip: redis.skip }, async () => {
    await using target = await startRedis()
    await target.say('ACL SETUSER shop on >first +@all ~*')
    const { host, port } = target
    const binding = { host, port, admin: 'admin', user: 'shop' }
    await takesOddValues({ provider: 'redis', binding, administrator: target.url(), scheme: 'redis' })
  })

  it('of a user of RabbitMQ rotates', { skip: rabbitmq.skip }, async () => {
    await using target = await startRabbitmq()
    await target.ask('PUT', 'users/shop', { password: 'first', tags: '' })
    const { host, port } = target
    const binding = { host, port, admin: 'admin', user: 'shop' }
    await takesOddValues({ provider: 'rabbitmq', binding, administrator: target.url(), scheme: 'https' })
  })
})
