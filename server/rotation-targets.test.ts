import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { FarSide, Provider } from '@cardea/contract/rotation/provider'
import { providersWith } from '@cardea/providers/providers'
import { newKey } from '@cardea/providers/ssh/openssh-key'
import { administratorOf, startServices } from '@cardea/providers/testing/services'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { findRabbitmq, startRabbitmq } from '@cardea/tools/servers/rabbitmq'
import { needs } from '@cardea/tools/servers/require'
import { findSshd, startSshd } from '@cardea/tools/servers/sshd'
import { Client } from 'pg'
import { fastTimes, openRotating, type Rotating } from './testing/rotating.ts'

/**
 * Targets through the whole engine: what is read logs in at that very moment, and what is old doesn't. Databases are
 * tried so under Azure's own client, in `conformance/rotation-readers.test.ts`.
 */
const times = { ...fastTimes, requestMs: 2_000, leaseMs: 5_000, quarantineMs: 7_500, graceMs: 8_000, giveUpMs: 30_000 }
const providers = providersWith({ loopback: true })

type Bound = { readonly provider: string; readonly binding: unknown; readonly administrator: string }

async function opened({ provider, binding, administrator }: Bound, graceSeconds: number, value?: string) {
  const here = await openRotating({ rotation: { times, providers } })
  await here.set('admin', administrator)
  if (value !== undefined) await here.set('target', value)
  const heard = await here.bind('target', { provider, binding, intervalSeconds: null, graceSeconds })
  assert.equal(heard.status, 200, heard.text)
  if (value === undefined) await here.reaches('target', 'done')
  const known = providers.get(provider) as Provider
  const far: FarSide<unknown> = {
    binding: known.binding.read(binding, 'binding'),
    secrets: { admin: administrator },
    rotationId: 'reader',
    attempt: '1',
    livesMs: undefined,
    urgent: false,
    fence: 0,
    signal: new AbortController().signal,
  }
  return {
    here,
    current: async () => (await here.get('target')).json as { value: string; id: string },
    logsIn: (value: string) => known.probe({ value, slot: undefined }, far),
    [Symbol.asyncDispose]: () => here[Symbol.asyncDispose](),
  }
}

/** Rotates so often while somebody reads in a loop, says what they run on, and logs in with it. */
async function rotatesUnderReaders(bound: Bound, turns: number, value?: string): Promise<number> {
  await using open = await opened(bound, 30, value)
  const { here, current, logsIn } = open
  let reads = 0
  let rotating = true
  const reader = (async () => {
    while (rotating) {
      const { value, id } = await current()
      await here.report('reader', { target: id.split('/').at(-1) as string })
      assert.equal(await logsIn(value), 'valid')
      reads += 1
    }
  })()
  try {
    for (let turn = 0; turn < turns; turn += 1) {
      const old = await current()
      await here.rotate('target')
      await ended(here)
      const now = await current()
      assert.notEqual(now.value, old.value)
      assert.equal(await logsIn(old.value), 'invalid')
      assert.equal(await logsIn(now.value), 'valid')
    }
  } finally {
    rotating = false
    await reader
  }
  return reads
}

async function ended(here: Rotating): Promise<void> {
  const { state, lastError } = await here.reaches('target', 'done', 'aborted', 'blocked')
  assert.equal(state, 'done', String(lastError))
}

const rabbitmq = needs('RabbitMQ', findRabbitmq)
const postgres = needs('PostgreSQL', findPostgres)
const sshd = needs('OpenSSH’s server', findSshd)

describe('a rotation', () => {
  it('of an SSH key fails no reader, and leaves one key beside those of others', {
    skip: sshd.skip,
  }, async (context) => {
    await using target = await startSshd()
    const [admin, first] = [newKey(), newKey()]
    const others = `# keys\nssh-ed25519 ${admin.blob} admin\n`
    await writeFile(target.keys, `${others}ssh-ed25519 ${first.blob} by hand\n`)
    const { host, port, hostKey, user } = target
    const binding = { host, port, hostKeys: [hostKey], user, admin: 'admin' }
    const administrator = JSON.stringify({ hosts: [`${host}:${port}`], user, privateKey: admin.file })
    const bound = { provider: 'ssh', binding, administrator }
    context.diagnostic(`${await rotatesUnderReaders(bound, 5, first.file)} reads`)
    const kept = await readFile(target.keys, 'utf8')
    assert.ok(kept.startsWith(others))
    assert.match(kept.slice(others.length), /^ssh-ed25519 \S+ cardea \S+\n$/)
  })

  it('of a service with two keys fails no reader', async (context) => {
    await using services = await startServices()
    const binding = { account: `${services.origin}/account`, apiVersion: '2023-01-01', admin: 'admin' }
    const bound = { provider: 'two-key', binding, administrator: administratorOf(services) }
    context.diagnostic(`${await rotatesUnderReaders(bound, 10, services.keys.get('key1'))} reads`)
  })

  it('of an app registration fails no reader, and leaves one secret', async (context) => {
    await using services = await startServices()
    const { origin, application } = services
    const { id, clientId } = application
    const binding = {
      ...{ graph: `${origin}/v1.0`, tokenUrl: `${origin}/token`, scope: 'api://shop/.default', admin: 'admin' },
      ...{ application: id, clientId },
    }
    const bound = { provider: 'app-registration', binding, administrator: administratorOf(services) }
    context.diagnostic(`${await rotatesUnderReaders(bound, 10)} reads`)
    assert.equal(services.passwords.size, 1)
  })

  it('of a user of RabbitMQ leaves only the new password', { skip: rabbitmq.skip }, async () => {
    await using target = await startRabbitmq()
    await target.ask('PUT', 'users/shop', { password: 'first', tags: '' })
    const { host, port } = target
    const binding = { host, port, admin: 'admin', user: 'shop' }
    await using open = await opened({ provider: 'rabbitmq', binding, administrator: target.url() }, 0, 'first')
    for (let turn = 0; turn < 3; turn += 1) {
      const old = await open.current()
      await open.here.rotate('target')
      await ended(open.here)
      assert.equal(await open.logsIn(old.value), 'invalid')
      assert.equal(await open.logsIn((await open.current()).value), 'valid')
    }
  })

  it('after a leak leaves RabbitMQ the new password, and isn’t over while that lets the old one in by memory', {
    skip: rabbitmq.skip,
  }, async () => {
    await using target = await startRabbitmq({ remembersMs: 3_000 })
    await target.ask('PUT', 'users/shop', { password: 'first', tags: '' })
    const { host, port } = target
    const binding = { host, port, admin: 'admin', user: 'shop' }
    await using open = await opened({ provider: 'rabbitmq', binding, administrator: target.url() }, 0, 'first')
    const { here } = open
    assert.equal(await open.logsIn('first'), 'valid')
    await here.ask('POST', '/.cardea/secrets/target/rotate/emergency')
    const why = async () => String((await here.show('target')).rotation?.lastError)
    await here.until('it says why it isn’t over', async () => /still lets the old credential in/.test(await why()))
    assert.equal((await here.show('target')).rotation?.state, 'retiring')
    await ended(here)
    assert.equal(await open.logsIn('first'), 'invalid')
    const kept = JSON.parse((await target.ask('GET', 'users/shop')).text)
    assert.notEqual(kept.password_hash, '')
    await here.rotate('target')
    await ended(here)
    assert.equal(await open.logsIn((await open.current()).value), 'valid')
  })

  it('after a leak leaves a PostgreSQL role the new password, and isn’t over while every password is let in', {
    skip: postgres.skip,
  }, async () => {
    await using target = await startPostgres()
    const root = new Client(target.url())
    await root.connect()
    try {
      await root.query("create role shop login password 'first'")
      const { host, port, database } = target
      const binding = { host, port, database, admin: 'admin', role: 'shop' }
      await using open = await opened({ provider: 'postgres-role', binding, administrator: target.url() }, 0, 'first')
      const { here } = open
      const verifier = async () =>
        (await root.query("select rolpassword from pg_authid where rolname = 'shop'")).rows[0]
      const [file, before] = [join(target.folder, 'data', 'pg_hba.conf'), await verifier()]
      const rules = await readFile(file, 'utf8')
      const follow = async (text: string, isLetIn: boolean) => {
        await writeFile(file, text)
        await root.query('select pg_reload_conf()')
        await here.until('the rule holds', async () => ((await open.logsIn('any')) === 'valid') === isLetIn)
      }
      await follow(`host all shop all trust\n${rules}`, true)
      await here.ask('POST', '/.cardea/secrets/target/rotate/emergency')
      const why = async () => String((await here.show('target')).rotation?.lastError)
      await here.until('it says why it isn’t over', async () => /still lets the old credential in/.test(await why()))
      assert.notDeepEqual(await verifier(), before)
      await follow(rules, false)
      await ended(here)
      assert.equal(await open.logsIn('first'), 'invalid')
      assert.equal(await open.logsIn((await open.current()).value), 'valid')
    } finally {
      await root.end()
    }
  })
})
