import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chown, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { Credential, FarSide } from '@cardea/contract/rotation/provider'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { Client, escapeIdentifier } from 'pg'
import { farSideOf, settingOf } from '../testing/far-side.ts'
import { providerBehaves } from '../testing/provider-behaves.ts'
import { loginIn, valueFor } from './login.ts'
import type { Pair } from './pair.ts'
import { rolePair } from './role-pair.ts'

const { skip } = needs('PostgreSQL', findPostgres)
const openssl = needs('openssl', () =>
  spawnSync('openssl', ['version']).status === 0 ? { bin: 'openssl' } : undefined,
)
let postgres: TestPostgres
let root: Client

if (skip === false) {
  postgres = await startPostgres({ database: 'shop', logStatements: true })
  root = new Client(postgres.url())
  after(async () => {
    await root.end()
    await postgres[Symbol.asyncDispose]()
  })
  await root.connect()
}

providerBehaves(
  rolePair,
  async () => {
    const far = place()
    return settingOf(far, {
      state: () => rolesNow(far.binding),
      async administrators() {
        await root.query(`do $$ begin
            create role least login createrole password 'pw'; create role powerless login password 'pw';
            grant pg_signal_backend to least;
          exception when duplicate_object then null; end $$`)
        return {
          least: { admin: postgres.url('least', 'pw') },
          powerless: { admin: postgres.url('powerless', 'pw') },
        }
      },
    })
  },
  { skip },
)

describe('a pair of PostgreSQL roles', { skip }, () => {
  it('never tells the server a password in clear text', async () => {
    const far = place()
    const credential = proposed(far)
    await rolePair.apply(credential, far)
    assert.equal(await rolePair.probe(credential, far), 'valid')
    await rolePair.retire(credential, far)
    const log = postgres.log()
    assert.match(log, new RegExp(`alter role "${credential.slot}" login password 'SCRAM-SHA-256`))
    assert.ok(!log.includes(loginIn(credential.value)?.password ?? ''))
  })

  it('works for every name and password that PostgreSQL takes', async () => {
    const names = ['x"; drop role postgres; --', "o'brien\\", 'pro%20cent@:/?#', 'Ünïcödé 🔑', '$1', 'select']
    const password = '\'"\\%20@:/?#$$ é\u00A0ⅸ🔑; drop role postgres; --'
    for (const name of names) {
      for (const format of ['uri', 'json'] as const) {
        const far = place({ roles: [name, 'other'], format })
        const credential = { value: valueFor({ user: name, password }, far.binding), slot: name }
        await rolePair.apply(credential, far)
        assert.equal(await rolePair.probe(credential, far), 'valid', name)
        await rolePair.retire(credential, far)
        assert.equal(await rolePair.probe(credential, far), 'invalid', name)
      }
    }
    const { rows } = await root.query('select rolname from pg_roles where rolname = any($1::text[])', [names])
    assert.equal(rows.length, names.length)
  })

  it('gives what either role creates to their owner, so that the other can go on with it', async () => {
    const far = place({ owner: await owner() })
    const [one, other] = far.binding.roles.map((role) => proposed(far, role)) as [Credential, Credential]
    await rolePair.apply(one, far)
    await rolePair.apply(other, far)
    await as(one, 'create table orders (id int); insert into orders values (1)')
    await as(other, 'alter table orders add column note text; drop table orders; create table bills ()')
    const { rows } = await root.query("select tableowner from pg_tables where tablename = 'bills'")
    assert.deepEqual(rows, [{ tableowner: far.binding.owner }])
  })

  it('adopts a role that was there before', async () => {
    const far = place({ owner: await owner() })
    const credential = proposed(far)
    await root.query(`create role ${escapeIdentifier(credential.slot ?? '')} nologin`)
    await rolePair.apply(credential, far)
    assert.deepEqual(await as(credential, 'select current_user::text as who'), [{ who: far.binding.owner }])
  })

  it('ends the sessions of the role it retires, and of no other', async () => {
    const far = place({ owner: await owner() })
    const [one, other] = far.binding.roles.map((role) => proposed(far, role)) as [Credential, Credential]
    await rolePair.apply(one, far)
    await rolePair.apply(other, far)
    const [retired, kept] = [await session(one), await session(other)]
    const told = once(retired, 'error')
    await rolePair.retire(one, far)
    assert.match(String(await told), /terminating connection/)
    assert.equal((await kept.query('select 1')).rowCount, 1)
    await kept.end()
  })

  it('does not retire a credential together with the one before it', async () => {
    const far = place()
    const [old, current] = [proposed(far), proposed(far)]
    await rolePair.apply(old, far)
    await rolePair.apply(current, far)
    const consumer = await session(current)
    await rolePair.retire(old, far)
    assert.equal(await rolePair.probe(old, far), 'invalid')
    assert.equal(await rolePair.probe(current, far), 'valid')
    assert.equal((await consumer.query('select 1')).rowCount, 1)
    await consumer.end()
  })

  it('sends no password of an administrator to a server that the binding made up', async () => {
    const heard: string[] = []
    const trap = createServer((socket: Socket) => void socket.on('data', (data) => heard.push(String(data))))
    await once(trap.listen(0, '127.0.0.1'), 'listening')
    const { port } = trap.address() as { port: number }
    const far = place()
    const elsewhere = { ...far, binding: { ...far.binding, port } }
    await assert.rejects(rolePair.apply(proposed(far), elsewhere), /leads to another server than the binding/)
    await assert.rejects(rolePair.retire(proposed(far), elsewhere), /leads to another server than the binding/)
    // What the URI says beside its host changes nothing about where it leads.
    await rolePair.apply(proposed(far), { ...far, secrets: { admin: `${far.secrets.admin}?port=${port}` } })
    assert.deepEqual(heard, [])
    trap.close()
  })

  it('never says a password in what it throws', async () => {
    const far = place()
    const credential = proposed(far)
    const wrong = postgres.url('postgres', 'hunter2')
    await root.query(`begin; create role ${credential.slot}`)
    const thrown = await Promise.all([
      told(rolePair.apply(credential, far)),
      told(rolePair.apply(credential, { ...far, secrets: { admin: wrong } })),
      told(rolePair.apply(credential, { ...far, secrets: { admin: wrong.replace('127.0.0.1', 'localhost') } })),
      told(rolePair.apply(credential, { ...far, secrets: { admin: `${wrong}?sslmode=verify-full` } })),
      told(rolePair.apply({ ...credential, slot: far.binding.roles[1] }, far)),
    ])
    await root.query('rollback')
    for (const secret of ['hunter2', postgres.password, loginIn(credential.value)?.password]) {
      for (const words of thrown) assert.ok(secret && !words.includes(secret), words)
    }
  })

  it('needs no superuser: one who may create roles and end sessions is enough', async () => {
    const [admin, password] = [fresh('admin'), 'pw']
    await root.query(`create role ${admin} login createrole password '${password}' in role pg_signal_backend`)
    const far = { ...place({ owner: await owner() }), secrets: { admin: postgres.url(admin, password) } }
    const credential = proposed(far)
    await rolePair.apply(credential, far)
    const consumer = await session(credential)
    const ended = once(consumer, 'error')
    await rolePair.retire(credential, far)
    await ended
    assert.equal(await rolePair.probe(credential, far), 'invalid')
  })

  it('is rehearsed by a twin that loses its password too, as each role does when its turn is over', async () => {
    const rehearsed = await rolePair.rehearse?.(place(), 'seed')
    assert.deepEqual(rehearsed?.checks.at(-1), { what: 'The twin loses its password.', wrong: null, remedy: null })
  })

  it('lends an administrator’s powers to no superuser, to no owner that logs in and not to itself', async () => {
    const superuser = fresh('super')
    await root.query(`create role ${superuser} superuser; create role ${superuser}_login login`)
    for (const [more, said] of [
      [{ roles: [superuser, 'x'] }, /is a superuser/],
      [{ owner: superuser }, /is a superuser/],
      [{ owner: `${superuser}_login` }, /can log in; alter it to NOLOGIN/],
      [{ owner: `${superuser}_absent` }, /doesn't exist; create it with NOLOGIN/],
      [{ roles: ['postgres', 'x'] }, /can't be of the pair and its administrator/],
    ] as const) {
      const far = place(more)
      const before = await rolesNow(far.binding)
      await assert.rejects(rolePair.apply(proposed(far), far), said)
      assert.deepEqual(await rolesNow(far.binding), before)
    }
  })

  it('leaves a pair alone that another rotation is working on', async () => {
    const far = place()
    const backwards = place({ roles: [far.binding.roles[1], far.binding.roles[0]] })
    await root.query('begin')
    const credential = proposed(far)
    await root.query(`create role ${credential.slot}`)
    // The first waits for our transaction, with the lock on the pair; the second gives up sooner.
    const first = rolePair.apply(credential, far)
    await until(async () => (await root.query("select from pg_locks where locktype = 'advisory'")).rowCount === 1)
    await assert.rejects(
      rolePair.apply(proposed(far, far.binding.roles[1]), backwards),
      /Another rotation of .* is at work/,
    )
    await root.query('rollback')
    await first
    assert.equal(await rolePair.probe(credential, far), 'valid')
  })

  it('is cut off in the middle of its work when the signal aborts', async () => {
    const far = place()
    const credential = proposed(far)
    const stop = new AbortController()
    await root.query(`begin; create role ${credential.slot}`)
    const applied = rolePair.apply(credential, { ...far, signal: stop.signal })
    await until(async () => (await root.query("select from pg_locks where locktype = 'advisory'")).rowCount === 1)
    const began = performance.now()
    stop.abort(new Error('the lease is about to end'))
    await assert.rejects(applied, /the lease is about to end/)
    assert.ok(performance.now() - began < 1_000, 'It waited for the statement to end')
    await root.query('rollback')
  })

  it('gives a statement that waits for somebody two seconds, so that none comes late', async () => {
    const far = place()
    const credential = proposed(far)
    await root.query(`begin; create role ${credential.slot}`)
    await assert.rejects(rolePair.apply(credential, far), { code: '57014' })
    await root.query('rollback')
    assert.equal(await rolePair.probe(credential, far), 'invalid')
  })

  it('calls a credential neither valid nor invalid when it is the address that is refused', async () => {
    const far = place()
    const credential = proposed(far)
    await rolePair.apply(credential, far)
    const file = join(postgres.folder, 'data', 'pg_hba.conf')
    const rules = await readFile(file, 'utf8')
    await writeFile(file, `host all ${credential.slot} all reject\n${rules}`)
    await root.query('select pg_reload_conf()')
    await until(async () => (await rolePair.probe(credential, far)) === 'unknown')
    await assert.rejects(rolePair.retire(credential, far), /can't be told/)
    await writeFile(file, rules)
    await root.query('select pg_reload_conf()')
    await until(async () => (await rolePair.probe(credential, far)) === 'valid')
  })

  it('calls a server that never answers unknown, in less time than a lease has', async () => {
    const mute = createServer()
    await once(mute.listen(0, '127.0.0.1'), 'listening')
    const { port } = mute.address() as { port: number }
    const far = place()
    const began = performance.now()
    assert.equal(await rolePair.probe(proposed(far), { ...far, binding: { ...far.binding, port } }), 'unknown')
    assert.ok(performance.now() - began < 8_000)
    mute.close()
  })

  it('knows nothing of a value that somebody else has made', async () => {
    const far = place()
    for (const value of [
      'changeme',
      postgres.url(),
      JSON.stringify({ username: 'postgres', password: postgres.password }),
    ]) {
      assert.equal(await rolePair.probe({ value, slot: undefined }, far), 'unknown')
      await assert.rejects(rolePair.apply({ value, slot: far.binding.roles[0] }, far), /so there is no role to change/)
      await assert.rejects(rolePair.retire({ value, slot: undefined }, far), /so there is no role to change/)
    }
  })

  it('verifies a server through TLS exactly as far as sslmode says', { skip: openssl.skip }, async () => {
    await useOwnCertificate(postgres)
    const far = place({ parameters: 'sslmode=require' })
    const credential = proposed(far)
    await rolePair.apply(credential, { ...far, secrets: { admin: `${far.secrets.admin}?sslmode=require` } })
    assert.equal(await rolePair.probe(credential, far), 'valid')
    for (const parameters of ['sslmode=verify-ca', 'sslmode=verify-full']) {
      assert.equal(await rolePair.probe(credential, { ...far, binding: { ...far.binding, parameters } }), 'unknown')
    }
  })
})

/** A certificate that no authority has signed, taken into use at once. */
async function useOwnCertificate({ folder }: TestPostgres): Promise<void> {
  const data = join(folder, 'data')
  const files = ['server.key', 'server.crt'].map((name) => join(data, name)) as [string, string]
  const request = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=127.0.0.1']
  execFileSync('openssl', [...request, '-keyout', files[0], '-out', files[1]], { stdio: 'ignore' })
  const { uid, gid } = await stat(data)
  for (const file of files) await chown(file, uid, gid)
  await root.query('alter system set ssl = on')
  await root.query('select pg_reload_conf()')
  await until(async () => (await root.query('show ssl')).rows[0].ssl === 'on')
}

const fresh = (name: string): string => `${name}_${randomBytes(4).toString('hex')}`

/** A far side with a pair that doesn't exist yet. */
function place(more: Partial<Pair> = {}): FarSide<Pair> {
  const { host, port, database } = postgres
  const roles = [fresh('shop'), fresh('shop')]
  return farSideOf(rolePair.binding.read({ host, port, database, admin: 'admin', roles, ...more }, 'binding'), {
    admin: postgres.url(),
  })
}

function proposed({ binding }: FarSide<Pair>, slot: string = binding.roles[0]): Credential {
  return { value: rolePair.propose(binding, slot), slot }
}

/** Whatever a careless logger could print of an error. */
const told = (refused: Promise<void>): Promise<string> =>
  refused.then(
    () => assert.fail('Nothing was thrown'),
    (error) => inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
  )

async function owner(): Promise<string> {
  const name = fresh('owner')
  await root.query(`create role ${name} nologin; grant create on schema public to ${name}`)
  return name
}

async function session({ value }: Credential): Promise<Client> {
  const client = new Client(value)
  // A session that the server ends tells it twice: in its last words, and when the line goes dead.
  client.on('error', () => {})
  await client.connect()
  return client
}

async function as(credential: Credential, statements: string): Promise<unknown[]> {
  const client = await session(credential)
  try {
    return (await client.query(statements)).rows
  } finally {
    await client.end()
  }
}

async function rolesNow({ roles }: Pair): Promise<unknown[]> {
  const { rows } = await root.query(
    `select a.*, s.setconfig, array(select roleid::text from pg_auth_members where member = a.oid) as owners
     from pg_authid a left join pg_db_role_setting s on s.setrole = a.oid
     where rolname = any($1::text[]) order by rolname`,
    [roles],
  )
  return rows
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 100; turn++) if (await holds()) return
  assert.fail('It never came to that')
}
