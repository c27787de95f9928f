import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { FarSide } from '@cardea/contract/rotation/provider'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { Client, escapeIdentifier } from 'pg'
import { farSideOf, proposedBy, settingOf } from '../testing/far-side.ts'
import { providerBehaves } from '../testing/provider-behaves.ts'
import { type Role, role } from './role.ts'

const { skip } = needs('PostgreSQL', findPostgres)
let postgres: TestPostgres
let root: Client
if (skip === false) {
  postgres = await startPostgres({ logStatements: true })
  root = new Client(postgres.url())
  after(async () => {
    await root.end()
    await postgres[Symbol.asyncDispose]()
  })
  await root.connect()
}

async function place(more: Partial<Role> = {}): Promise<FarSide<Role>> {
  const { host, port, database } = postgres
  const name = `shop_${randomBytes(4).toString('hex')}`
  await root.query(`create role ${escapeIdentifier(more.role ?? name)} login`)
  return farSideOf(role.binding.read({ host, port, database, admin: 'admin', role: name, ...more }, 'binding'), {
    admin: postgres.url(),
  })
}
const proposed = (far: FarSide<Role>) => proposedBy(role, far)

providerBehaves(
  role,
  async () => {
    const far = await place()
    const { binding } = far
    return settingOf(far, {
      state: async () => (await root.query('select * from pg_authid where rolname = $1', [binding.role])).rows,
      async administrators() {
        await root.query(`do $$ begin
            create role least login createrole password 'pw'; create role powerless login password 'pw';
            grant pg_signal_backend to least;
          exception when duplicate_object then null; end $$`)
        const { rows } = await root.query('show server_version_num')
        const role = escapeIdentifier(binding.role)
        if (Number(rows[0].server_version_num) >= 160_000) await root.query(`grant ${role} to least with admin option`)
        return {
          least: { admin: postgres.url('least', 'pw') },
          powerless: { admin: postgres.url('powerless', 'pw') },
        }
      },
    })
  },
  { skip },
)

describe('one role of PostgreSQL', { skip }, () => {
  it('has one password, which the server is never told', async () => {
    const far = await place()
    const [one, other] = [proposed(far), proposed(far)]
    await role.apply(one, far)
    await role.apply(other, far)
    assert.equal(await role.probe(one, far), 'invalid')
    assert.equal(await role.probe(other, far), 'valid')
    assert.ok(!postgres.log().includes(other.value))
  })

  it('reads as a password, a URI or JSON, and is known in each form', async () => {
    const plain = await place()
    for (const format of ['password', 'uri', 'json'] as const) {
      const credential = proposed({ ...plain, binding: { ...plain.binding, format } })
      await role.apply(credential, plain)
      assert.equal(await role.probe(credential, plain), 'valid', format)
    }
    assert.equal(await role.probe({ value: postgres.url(), slot: undefined }, plain), 'unknown')
  })

  it('keeps the sessions that an old password opened, but not after a leak', async () => {
    const far = await place()
    const [one, other] = [proposed(far), proposed(far)]
    await role.apply(one, far)
    const session = new Client({ ...postgres, user: far.binding.role, password: one.value })
    session.on('error', () => {})
    await session.connect()
    await role.apply(other, far)
    await role.retire(one, far)
    await session.query('select 1')
    await role.retire(one, { ...far, urgent: true })
    await assert.rejects(session.query('select 1'))
    await session.end().catch(() => {})
    assert.equal(await role.probe(other, far), 'valid')
  })

  it('keeps its new password where the server lets every password in', async () => {
    const far = await place()
    const [one, other] = [proposed(far), proposed(far)]
    await role.apply(one, far)
    await role.apply(other, far)
    const file = join(postgres.folder, 'data', 'pg_hba.conf')
    const rules = await readFile(file, 'utf8')
    const isLetIn = async () => (await role.probe({ ...one, value: 'any password' }, far)) === 'valid'
    await writeFile(file, `host all ${far.binding.role} all trust\n${rules}`)
    await root.query('select pg_reload_conf()')
    await until(isLetIn)
    await role.retire(one, { ...far, urgent: true })
    await writeFile(file, rules)
    await root.query('select pg_reload_conf()')
    await until(async () => !(await isLetIn()))
    assert.equal(await role.probe(other, far), 'valid')
  })

  it('is rehearsed by an administrator who may end sessions, or says what is missing', async () => {
    const far = await place()
    await root.query("create role silent login createrole password 'pw'")
    const { rows } = await root.query('show server_version_num')
    const name = escapeIdentifier(far.binding.role)
    if (Number(rows[0].server_version_num) >= 160_000) await root.query(`grant ${name} to silent with admin option`)
    const missing = async () => {
      const rehearsed = await role.rehearse?.({ ...far, secrets: { admin: postgres.url('silent', 'pw') } }, 'seed')
      return rehearsed?.checks.flatMap(({ wrong, remedy }) => (wrong === null ? [] : [remedy]))
    }
    assert.deepEqual(await missing(), ['GRANT pg_signal_backend TO "silent";'])
    await root.query('grant pg_signal_backend to silent')
    assert.deepEqual(await missing(), [])
  })

  it('is rehearsed without taking a password away, as its rotation takes none', async () => {
    const far = await place()
    const rehearsed = await role.rehearse?.(far, 'seed')
    assert.deepEqual(rehearsed, {
      checks: [
        'The administrator logs in.',
        'The roles are as they must be.',
        'A twin of the role is made with a password.',
        'The twin logs in as a program would.',
      ].map((what) => ({ what, wrong: null, remedy: null })),
      clean: true,
    })
  })

  it('isn’t made up, is no superuser and not its own administrator', async () => {
    const far = await place()
    const named = (name: string) => ({ ...far, binding: { ...far.binding, role: name } })
    await assert.rejects(role.apply(proposed(far), named('nobody_here')), /doesn't exist; create it/)
    await assert.rejects(role.apply(proposed(far), named('postgres')), /administrator/)
    await root.query('create role mighty superuser')
    await assert.rejects(role.apply(proposed(far), named('mighty')), /is a superuser/)
  })
})

async function until(so: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await so()) return
    await wait(20)
  }
  throw new Error('it never came to that')
}
