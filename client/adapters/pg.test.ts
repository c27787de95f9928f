import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import pg from 'pg'
import { loadRude } from '../testing/load-rude.ts'
import { RudeAzure } from '../testing/rude-azure.ts'
import { pause, until } from '../testing/wait.ts'
import { livePool } from './pg.ts'

const need = needs('PostgreSQL', findPostgres)

describe('a live pool', { skip: need.skip }, () => {
  let postgres: TestPostgres
  let admin: pg.Client
  before(async () => {
    postgres = await startPostgres()
    admin = new pg.Client(postgres.url())
    await admin.connect()
  })
  after(async () => {
    await admin?.end()
    await postgres?.[Symbol.asyncDispose]()
  })

  /** A program whose database's address is a secret, at first for the role `a`. */
  async function open(max = 4) {
    for (const role of ['a', 'b']) {
      await admin.query(`drop role if exists ${role}`)
      await admin.query(`create role ${role} login password '${role}1'`)
    }
    const azure = await RudeAzure.open()
    azure.rotate('db', postgres.url('a', 'a1'))
    azure.point('database', 'db')
    const loaded = await loadRude(azure)
    const made: pg.Pool[] = []
    const connect = (connectionString: string) => {
      const pool = new pg.Pool({ connectionString, max, idleTimeoutMillis: 20 })
      made.push(pool)
      return pool
    }
    const pool = await livePool(loaded.configuration, 'database', connect, { loginPatienceMs: 500 })
    const close = async () => {
      await pool.close()
      loaded.configuration.close()
      await azure[Symbol.asyncDispose]()
    }
    const role = async () => (await pool.query('select current_user as role')).rows[0].role
    return { azure, ...loaded, pool, made, role, [Symbol.asyncDispose]: close }
  }
  const sessionsOf = async (role: string) =>
    (await admin.query('select count(*)::int as n from pg_stat_activity where usename = $1', [role])).rows[0].n

  it('goes over to a new login without a failed query, and ends the old one’s sessions', async () => {
    await using program = await open()
    assert.equal(await program.role(), 'a')
    let failed = 0
    let over = false
    const working = Array.from({ length: 8 }, async () => {
      while (!over) await program.pool.query('select pg_sleep(0.005)').catch(() => (failed += 1))
    })
    const version = program.azure.rotate('db', postgres.url('b', 'b1'))
    await until('it switched', () => program.pool.version === version)
    assert.equal(await program.role(), 'b')
    await until('the old pool has ended', () => program.made[0]?.ended === true)
    over = true
    await Promise.all(working)
    assert.equal(failed, 0)
    assert.equal(await sessionsOf('a'), 0)
  })

  it('lets a client that is out finish, and serves those who wait for it', async () => {
    await using program = await open(1)
    const held = await program.pool.connect()
    const waiting = program.role()
    program.azure.rotate('db', postgres.url('b', 'b1'))
    await until('it switched', () => program.made.length === 2 && program.pool.current === program.made[1])
    assert.equal((await held.query('select current_user as role')).rows[0].role, 'a')
    assert.equal(await program.role(), 'b')
    held.release()
    assert.equal(await waiting, 'a')
    await until('the old pool has ended', () => program.made[0]?.ended === true)
  })

  it('stays with the old login while the new one is refused', async () => {
    await using program = await open()
    program.azure.rotate('db', postgres.url('b', 'wrong'))
    await until('it was told', () => program.errors.length > 0)
    assert.equal(await program.role(), 'a')
    assert.equal(program.made[1]?.ending, true)
    assert.ok(program.errors.every(({ key, text }) => key === 'database' && !text.includes('wrong')))
    await admin.query("alter role b password 'wrong'")
    await until('it was tried again', () => program.pool.current !== program.made[0])
    assert.equal(await program.role(), 'b')
  })

  it('waits out the moment between a new password in the database and its publication', async () => {
    await using program = await open()
    await until('its connections have gone to rest', () => program.pool.current.totalCount === 0)
    await admin.query("alter role a password 'a2'")
    const asked = Promise.all([program.role(), program.role(), program.role()])
    await pause(100)
    program.azure.rotate('db', postgres.url('a', 'a2'))
    assert.deepEqual(await asked, ['a', 'a', 'a'])
  })

  it('finds a value that was published, but never told', async () => {
    await using program = await open()
    await until('its connections have gone to rest', () => program.pool.current.totalCount === 0)
    await admin.query("alter role a password 'a2'")
    program.azure.secrets.get('db')?.push({ version: 'c'.repeat(32), value: postgres.url('a', 'a2') })
    assert.equal(await program.role(), 'a')
  })

  it('a login that stays refused is an error, in time; any other error is one at once', async () => {
    await using program = await open()
    await until('its connections have gone to rest', () => program.pool.current.totalCount === 0)
    await admin.query("alter role a password 'a2'")
    const began = Date.now()
    await assert.rejects(program.role(), { code: '28P01' })
    assert.ok(Date.now() - began < 2_000)
    await admin.query("alter role a password 'a1'")
    const asked = program.azure.server.seen.length
    await assert.rejects(program.pool.query('select nonsense'), { code: '42703' })
    assert.equal(program.azure.server.seen.length, asked)
    assert.equal((await program.pool.query('select $1::int + 1 as sum', [1])).rows[0].sum, 2)
  })

  it('waits as long as it must where a deadline is longer than any timer, and refuses one that is no span', async () => {
    await using program = await open()
    const connect = (connectionString: string) => new pg.Pool({ connectionString })
    const { configuration, azure, errors } = program
    const patient = { proofDeadlineMs: Number.POSITIVE_INFINITY, drainDeadlineMs: 2 ** 31 }
    await using pool = await livePool(configuration, 'database', connect, patient)
    const client = await pool.connect()
    const version = azure.rotate('db', postgres.url('b', 'b1'))
    await until('it switched', () => pool.version === version)
    await pause(50)
    client.release()
    assert.deepEqual(errors, [])
    for (const name of ['proofDeadlineMs', 'drainDeadlineMs', 'loginPatienceMs']) {
      const asked = livePool(configuration, 'database', connect, { [name]: Number.NaN })
      await assert.rejects(asked, { code: 'invalid', message: new RegExp(name) })
    }
  })

  it('survives sessions that are ended under it', async () => {
    await using program = await open()
    await Promise.all([program.role(), program.role()])
    await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'a'")
    await until('the pool has noticed', () => program.pool.current.totalCount === 0)
    assert.equal(await program.role(), 'a')
  })
})
