import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import { type House, openHouse } from '../testing/house.ts'
import {
  examineDatabase,
  type Finding,
  judgePostgres,
  judgeSqlite,
  type PostgresFacts,
  type SqliteFacts,
} from './examine-database.ts'

const now = 1_700_000_000_000
const wellPostgres: PostgresFacts = {
  version: 150_006,
  encoding: 'UTF8',
  fsync: 'on',
  fullPageWrites: 'on',
  synchronousCommit: 'on',
  readOnly: 'off',
  standby: false,
  connectionsMax: 100,
  connectionsReserved: 3,
  connections: 20,
  now,
}
const wellSqlite: SqliteFacts = {
  file: '/data/cardea.db',
  megabytes: 12,
  fileSystem: 0xef53,
  writable: true,
  open: false,
  check: 'ok',
}
const amiss = (findings: readonly Finding[]) =>
  findings.filter(({ state }) => state !== 'ok').map(({ state, about }) => `${state} ${about}`)
/** What is amiss is told with what to do, and names what it is about. */
function told(findings: readonly Finding[], expected: string, says: RegExp, next: RegExp): void {
  assert.deepEqual(amiss(findings), [expected])
  const [found] = findings.filter(({ state }) => state !== 'ok')
  assert.match(found?.says ?? '', says)
  assert.match(found?.next ?? '', next)
}

describe('what the doctor says of PostgreSQL', () => {
  const judge = (wrong: Partial<PostgresFacts>) => judgePostgres({ ...wellPostgres, ...wrong }, now)

  it('is that all is well where it is', () => {
    assert.deepEqual(amiss(judge({})), [])
    assert.deepEqual(
      judge({}).map(({ about }) => about),
      ['database', 'writable', 'durability', 'connections', 'database clock'],
    )
  })

  for (const [what, wrong, expected, says, next] of [
    ['an old version', { version: 140_011 }, 'fail database', /PostgreSQL 14/, /15/],
    ['fsync that is off', { fsync: 'off' }, 'fail durability', /^fsync is off/, /alter system set fsync = on;/],
    [
      'page writes that are halved',
      { fullPageWrites: 'off', fsync: 'off' },
      'fail durability',
      /^fsync and full_page_writes are off/,
      /full_page_writes = on;/,
    ],
    ['a standby', { standby: true, readOnly: 'on' }, 'fail writable', /standby/, /primary/],
    [
      'a database that is read-only',
      { readOnly: 'on' },
      'fail writable',
      /read-only/,
      /default_transaction_read_only = off/,
    ],
    ['few connections', { connections: 90 }, 'warn connections', /only 7 of 100/, /max_connections/],
    ['no connections', { connections: 97 }, 'fail connections', /only 0 of 100/, /max_connections/],
    ['letters that it can’t keep', { encoding: 'LATIN1' }, 'fail encoding', /LATIN1/, /UTF8/],
    ['a clock ahead', { now: now + 90_000 }, 'warn database clock', /90 s ahead of/, /NTP/],
    ['a clock behind', { now: now - 90_000 }, 'warn database clock', /90 s behind/, /NTP/],
  ] as const) {
    it(`names ${what}, and what to do`, () => told(judge(wrong), expected, says, next))
  }

  it('isn’t troubled by commits that others don’t wait for: Cardea waits for its own', () => {
    const findings = judge({ synchronousCommit: 'off' })
    assert.deepEqual(amiss(findings), [])
    assert.match(findings.find(({ about }) => about === 'durability')?.says ?? '', /Cardea commits synchronously/)
  })
})

describe('what the doctor says of SQLite', () => {
  const judge = (wrong: Partial<SqliteFacts>) => judgeSqlite({ ...wellSqlite, ...wrong })

  it('is that all is well where it is', () => {
    assert.deepEqual(amiss(judge({})), [])
    assert.match(judge({ check: undefined })[0]?.says ?? '', /too large/)
  })

  for (const [what, wrong, expected, says, next] of [
    ['damage', { check: 'row 3 missing from index' }, 'fail database', /damaged: row 3/, /backup/],
    ['a file that can’t be written', { writable: false }, 'fail writable', /\/data\/cardea\.db/, /user/],
    ['a file that others read', { open: true }, 'fail database file', /others may read/, /chmod go=/],
    ['a network file system', { fileSystem: 0x6969 }, 'fail file system', /NFS/, /PostgreSQL/],
    ['one that the kernel numbers below zero', { fileSystem: 0xff534d42 | 0 }, 'fail file system', /CIFS/, /disk/],
    ['one of which nobody knows', { fileSystem: 0x65735546 }, 'warn file system', /FUSE/, /disk/],
  ] as const) {
    it(`names ${what}, and what to do`, () => told(judge(wrong), expected, says, next))
  }
})

describe('a database that is really there', () => {
  let house: House
  let folder: string
  before(async () => {
    house = await openHouse()
    folder = mkdtempSync(join(tmpdir(), 'cardea-doctor-'))
  })
  after(async () => {
    await house[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
  const look = (data: string | undefined, env: Record<string, string> = {}) =>
    examineDatabase({ data, env, now: Date.now })

  it('is looked at while a server works on it, and stays as it was', async () => {
    const before = statSync(join(house.data, 'cardea.db')).mtimeMs
    const findings = await look(house.data)
    assert.deepEqual(amiss(findings), [])
    assert.match(findings[0]?.says ?? '', /^SQLite, \d+ MB, whole$/)
    assert.equal(statSync(join(house.data, 'cardea.db')).mtimeMs, before)
  })

  it('is found damaged, or no database at all', async () => {
    const file = join(folder, 'cardea.db')
    {
      using made = new DatabaseSync(file)
      made.exec('create table kept (id integer primary key, name text); create index by_name on kept (name)')
      for (let count = 0; count < 2000; count += 1) made.prepare('insert into kept (name) values (?)').run(`n${count}`)
    }
    chmodSync(file, 0o600)
    assert.deepEqual(amiss(await look(folder)), [])
    const bytes = readFileSync(file)
    writeFileSync(file, bytes.fill(0x5a, bytes.length >> 1))
    assert.deepEqual(amiss(await look(folder)), ['fail database'])
    writeFileSync(file, 'this is no database, though it is long enough to be one'.repeat(100))
    assert.deepEqual(amiss(await look(folder)), ['fail database'])
  })

  it('isn’t looked for where there is none, and one that doesn’t answer is told of without its password', async () => {
    assert.deepEqual(await look(join(folder, 'nowhere')), [])
    assert.deepEqual(await look(undefined), [])
    const findings = await look(undefined, { CARDEA_DATABASE: 'postgres://user:hunter2@127.0.0.1:1/cardea' })
    assert.deepEqual(amiss(findings), ['fail database'])
    assert.ok(!JSON.stringify(findings).includes('hunter2'))
    assert.deepEqual(amiss(await look(undefined, { CARDEA_DATABASE_FILE: join(folder, 'nowhere') })), ['fail database'])
  })

  const postgres = needs('PostgreSQL', findPostgres)
  it('may be PostgreSQL, of which everything is asked at once', { skip: postgres.skip }, async () => {
    await using server = await startPostgres()
    const findings = await look(undefined, { CARDEA_DATABASE: server.url() })
    const known = findings.map(({ about }) => about)
    assert.deepEqual(known, ['database', 'writable', 'durability', 'connections', 'database clock'])
    assert.match(findings[0]?.says ?? '', /^PostgreSQL \d\d$/)
    for (const { about, state } of findings) {
      if (about !== 'durability') assert.equal(state, 'ok', about)
    }
  })
})
