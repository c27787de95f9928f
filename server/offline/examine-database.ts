import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lookIntoPostgres } from '#base/postgres.ts'
import type { Sql } from '#base/sql.ts'
import { lookIntoSqlite } from '#base/sqlite.ts'

/** One thing about a database: how it stands, in words, and what to do where it doesn't stand well. */
export type Finding = {
  readonly state: 'ok' | 'warn' | 'fail'
  readonly about: string
  readonly says: string
  readonly next?: string
}

type Where = {
  readonly data: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  readonly now: () => number
}

/** Looks at the database that an environment or a data folder names, whether a server works on it or not. Changes nothing. */
export async function examineDatabase({ data, env, now }: Where): Promise<Finding[]> {
  try {
    const url = databaseIn(env)
    if (url !== undefined) return judgePostgres(await factsOfPostgres(url), now())
    const file = data === undefined ? undefined : join(data, 'cardea.db')
    return file !== undefined && existsSync(file) ? judgeSqlite(await factsOfSqlite(file)) : []
  } catch (error) {
    return [
      {
        state: 'fail',
        about: 'database',
        says: `it can’t be looked at: ${error instanceof Error ? error.message : String(error)}`,
        next: 'Is it running, and is what CARDEA_DATABASE says of its host, user and password right?',
      },
    ]
  }
}

const databaseIn = ({ CARDEA_DATABASE: url, CARDEA_DATABASE_FILE: file }: Where['env']): string | undefined =>
  url ?? (file === undefined ? undefined : readFileSync(file, 'utf8').trim())

/** What PostgreSQL says of itself. */
export type PostgresFacts = {
  readonly version: number
  readonly encoding: string
  readonly fsync: string
  readonly fullPageWrites: string
  readonly synchronousCommit: string
  readonly readOnly: string
  readonly standby: boolean
  readonly connectionsMax: number
  readonly connectionsReserved: number
  readonly connections: number
  /** Its clock, in milliseconds since 1970. */
  readonly now: number
}

const postgresQuery = `select
  current_setting('server_version_num')::int as "version",
  current_setting('server_encoding') as "encoding",
  current_setting('fsync') as "fsync",
  current_setting('full_page_writes') as "fullPageWrites",
  current_setting('synchronous_commit') as "synchronousCommit",
  current_setting('default_transaction_read_only') as "readOnly",
  pg_is_in_recovery() as "standby",
  current_setting('max_connections')::int as "connectionsMax",
  current_setting('superuser_reserved_connections')::int as "connectionsReserved",
  (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as "connections",
  (extract(epoch from clock_timestamp()) * 1000)::float8 as "now"`

async function factsOfPostgres(url: string): Promise<PostgresFacts> {
  await using looking = await lookIntoPostgres(url)
  const { rows } = await looking.sql.run(postgresQuery, [])
  return rows[0] as PostgresFacts
}

/** Cardea's own: ten readers, one for turns that change, one for those that witness, one that listens. */
const connectionsOfNode = 13
const versionMin = 15
const skewMsMax = 60_000

/** PostgreSQL's facts in words. `at` is this machine's clock. */
export function judgePostgres(facts: PostgresFacts, at: number): Finding[] {
  const major = Math.floor(facts.version / 10_000)
  const lost = [facts.fsync === 'off' && 'fsync', facts.fullPageWrites === 'off' && 'full_page_writes'].filter(
    (name) => name !== false,
  )
  const free = Math.max(0, facts.connectionsMax - facts.connectionsReserved - facts.connections)
  const skewMs = facts.now - at
  return [
    major >= versionMin
      ? ok('database', `PostgreSQL ${major}`)
      : fail('database', `PostgreSQL ${major} is older than Cardea needs`, `Upgrade it to ${versionMin} or later.`),
    ...writableFindings(facts),
    lost.length === 0
      ? ok('durability', commitWords(facts))
      : fail(
          'durability',
          `${lost.join(' and ')} ${lost.length === 1 ? 'is' : 'are'} off: a loss of power can destroy the database`,
          `Run: ${lost.map((name) => `alter system set ${name} = on;`).join(' ')} select pg_reload_conf();`,
        ),
    ...(facts.encoding === 'UTF8'
      ? []
      : [
          fail(
            'encoding',
            `the database keeps text as ${facts.encoding}, which has not all letters`,
            "Make it anew with: create database … encoding 'UTF8' template template0",
          ),
        ]),
    free >= connectionsOfNode
      ? ok('connections', `${free} of ${facts.connectionsMax} are free`)
      : {
          state: free >= 3 ? 'warn' : 'fail',
          about: 'connections',
          says: `only ${free} of ${facts.connectionsMax} are free, and a node takes up to ${connectionsOfNode}`,
          next: `Raise max_connections to ${facts.connectionsMax + 2 * connectionsOfNode} or more, and restart PostgreSQL.`,
        },
    Math.abs(skewMs) <= skewMsMax
      ? ok('database clock', `this machine and the database agree within ${Math.round(Math.abs(skewMs) / 1000) + 1} s`)
      : {
          state: 'warn',
          about: 'database clock',
          says: `the database’s clock is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} this machine’s`,
          next: 'Set the clocks by NTP: the database’s says when things happened, the nodes’ which tokens are valid.',
        },
  ]
}

function writableFindings({ standby, readOnly }: PostgresFacts): Finding[] {
  if (standby)
    return [
      fail('writable', 'the database is a standby, which takes no writes', 'Let CARDEA_DATABASE name the primary.'),
    ]
  if (readOnly === 'on')
    return [
      fail(
        'writable',
        'transactions are read-only by default',
        'Run: alter database … set default_transaction_read_only = off; and look for the same on the role.',
      ),
    ]
  return [ok('writable', 'it is the primary, and takes writes')]
}

const commitWords = ({ synchronousCommit }: PostgresFacts): string =>
  synchronousCommit === 'off' || synchronousCommit === 'local'
    ? `what was answered is on the disk: Cardea commits synchronously, though synchronous_commit is ${synchronousCommit} for others`
    : 'what was answered is on the disk'

/** What a SQLite file looks like from here. */
export type SqliteFacts = {
  readonly file: string
  readonly megabytes: number
  /** The kind of its file system, as the kernel numbers them. */
  readonly fileSystem: number
  readonly writable: boolean
  /** Whether others than its owner can read it, and reach it. */
  readonly open: boolean
  /** What a quick look through the whole found; undefined where the file is too large for that. */
  readonly check: string | undefined
}

const mebibyte = 1024 * 1024
/** To look through more would take minutes. */
const checkedMegabytesMax = 2048

async function factsOfSqlite(file: string): Promise<SqliteFacts> {
  const { size, mode } = statSync(file)
  const megabytes = Math.ceil(size / mebibyte)
  return {
    file,
    megabytes,
    fileSystem: Number(statfsSync(file).type),
    writable: isWritable(file),
    open: (mode & 0o077) !== 0 && (statSync(join(file, '..')).mode & 0o077) !== 0,
    check: megabytes > checkedMegabytesMax ? undefined : await quickCheck(file),
  }
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK)
    return true
  } catch {
    return false
  }
}

async function quickCheck(file: string): Promise<string> {
  try {
    using looking = lookIntoSqlite(file)
    return await resultOf(looking.sql)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function resultOf(sql: Sql): Promise<string> {
  const { rows } = await sql.run('pragma quick_check(1)', [])
  return String((rows[0] as { quick_check?: unknown } | undefined)?.quick_check ?? 'no answer')
}

/** File systems whose locks and shared memory reach over a network, or can't be relied on (Linux's numbers, statfs(2)). */
const networkSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0x01021997, '9P'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x5346414f, 'AFS'],
  [0x65735546, 'FUSE'],
])

/** SQLite's facts in words. */
export function judgeSqlite({ file, megabytes, fileSystem, writable, open, check }: SqliteFacts): Finding[] {
  const network = networkSystems.get(fileSystem >>> 0)
  return [
    check === 'ok'
      ? ok('database', `SQLite, ${megabytes} MB, whole`)
      : check === undefined
        ? ok('database', `SQLite, ${megabytes} MB; too large to be looked through in passing`)
        : fail(
            'database',
            `the file is damaged: ${check}`,
            'Stop the server, keep a copy of the data folder as it is, and restore the last backup.',
          ),
    ...(writable
      ? []
      : [fail('writable', `this user may not write ${file}`, 'Run as the user to whom the data folder belongs.')]),
    ...(open ? [fail('database file', `others may read ${file}`, `Run: chmod go= ${JSON.stringify(file)}`)] : []),
    network === undefined
      ? ok('file system', 'the database lies on this machine')
      : {
          state: network === 'FUSE' ? 'warn' : 'fail',
          about: 'file system',
          says: `the database lies on ${network}, where SQLite’s locks don’t hold for sure`,
          next: 'Move the data folder to a disk of this machine, or use PostgreSQL (CARDEA_DATABASE).',
        },
  ]
}

const ok = (about: string, says: string): Finding => ({ state: 'ok', about, says })
const fail = (about: string, says: string, next: string): Finding => ({ state: 'fail', about, says, next })
