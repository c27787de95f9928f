import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { guardOf, hasEnded, unprivileged } from './guard.ts'
import { freePort } from './ports.ts'

/**
 * A throw-away PostgreSQL on a free loopback port, for tests, demo and bench: passwords are SCRAM, as in production.
 * It ends, and its folder goes, with `await using`, with this process, and even when this process is killed.
 */
export type TestPostgres = AsyncDisposable & {
  readonly host: string
  readonly port: number
  /** The superuser that `url()` names by default, and its password. */
  readonly user: string
  readonly password: string
  readonly database: string
  /** Holds `data`, with the server's configuration, and the socket. */
  readonly folder: string
  /** The postmaster. */
  readonly pid: number
  url(user?: string, password?: string, database?: string): string
  /** All that the server has written to its log since the first start. */
  log(): string
  /** A crash: the postmaster and its children get no chance to tidy up. */
  kill(): Promise<void>
  /** The same data on the same port, after a crash or after stopping it in good order. */
  restart(): Promise<void>
}

export type PostgresOptions = {
  /** Created beside `postgres`, which is what it is by default. */
  readonly database?: string
  /** Writes every statement to the log, to see what a server's operator would. */
  readonly logStatements?: boolean
}

const startMsMax = 30_000
const stopMsMax = 10_000

/** The newest PostgreSQL of this machine. Debian keeps the server's programs off the path. */
export function findPostgres(): { bin: string } | undefined {
  const packaged = '/usr/lib/postgresql'
  const versions = existsSync(packaged) ? readdirSync(packaged).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(packaged, version, 'bin')),
  ]
  const bin = folders.find((folder) => ['initdb', 'postgres'].every((program) => existsSync(join(folder, program))))
  return bin === undefined ? undefined : { bin }
}

export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const { bin } = findPostgres() ?? missing()
  const host = '127.0.0.1'
  const user = 'postgres'
  const password = randomBytes(18).toString('base64url')
  const database = options.database ?? 'postgres'

  const runAs = unprivileged('postgres')
  const folder = await mkdtemp(join(tmpdir(), 'cardea-postgres-'))
  const data = join(folder, 'data')
  const logFile = join(folder, 'log')
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, password)
  if (runAs) for (const path of [folder, passwordFile]) chownSync(path, runAs.uid, runAs.gid)
  const surroundings = { ...runAs, cwd: folder, env: { PATH: process.env.PATH, LC_ALL: 'C' } }

  const guard = guardOf(folder, surroundings)
  let server: ChildProcess | undefined
  let port = 0

  function run(program: string, args: readonly string[]): ChildProcess {
    const log = openSync(logFile, 'a')
    const child = spawn(join(bin, program), args, { ...surroundings, stdio: ['ignore', log, log] })
    closeSync(log)
    return child
  }

  async function start(): Promise<void> {
    const settings = [`port=${port}`, `listen_addresses=${host}`, `unix_socket_directories=${folder}`]
    // As files in the data folder, so that a killed server leaves nothing in shared memory.
    settings.push('dynamic_shared_memory_type=mmap')
    if (options.logStatements) settings.push('log_statement=all')
    const child = run('postgres', ['-D', data, ...settings.flatMap((setting) => ['-c', setting])])
    child.unref()
    server = child
    guard.watch(child.pid)
    child.once('exit', () => guard.watch(undefined))
    const until = Date.now() + startMsMax
    while (!isReady(data, child)) {
      if (hasEnded(child) || Date.now() > until) throw new Error(`PostgreSQL doesn't start:\n${log()}`)
      await wait(10)
    }
  }

  async function stop(): Promise<void> {
    if (server === undefined || hasEnded(server)) return
    const ended = once(server, 'exit')
    server.ref()
    server.kill('SIGINT')
    const late = setTimeout(() => void kill(), stopMsMax)
    await ended
    clearTimeout(late)
  }

  async function kill(): Promise<void> {
    if (server?.pid === undefined || hasEnded(server)) return
    const ended = once(server, 'exit')
    server.ref()
    // Held still first, so that no child is born between counting them and the end.
    server.kill('SIGSTOP')
    const children = childrenOf(server.pid)
    for (const pid of [server.pid, ...children]) end(pid)
    await ended
    while (children.some(isAlive)) await wait(5)
    forgetSharedMemory(data)
  }

  const log = () => readFileSync(logFile, 'utf8')

  const postgres: TestPostgres = {
    host,
    user,
    password,
    database,
    folder,
    get port() {
      return port
    },
    get pid() {
      return server?.pid ?? 0
    },
    url: (as = user, secret = password, to = database) =>
      `postgresql://${encodeURIComponent(as)}:${encodeURIComponent(secret)}@${host}:${port}/${encodeURIComponent(to)}`,
    log,
    kill,
    async restart() {
      await stop()
      await start()
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await guard.release()
    },
  }

  try {
    // Without the final sync of initdb: it guards against a power cut, and takes the longest. The server itself does sync.
    const initdb = [
      '-D',
      data,
      '-U',
      user,
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--no-sync',
    ]
    const [code] = await once(run('initdb', initdb), 'exit')
    if (code !== 0) throw new Error(`initdb failed:\n${log()}`)
    port = await freePort()
    await start()
    if (database !== 'postgres') await create(database, postgres.url(user, password, 'postgres'))
    return postgres
  } catch (error) {
    await postgres[Symbol.asyncDispose]()
    throw error
  }
}

async function create(database: string, url: string): Promise<void> {
  const client = new Client(url)
  await client.connect()
  await client.query(`create database ${client.escapeIdentifier(database)}`)
  await client.end()
}

function missing(): never {
  throw new Error("PostgreSQL isn't installed: neither on the path nor under /usr/lib/postgresql")
}

/** The first line of the lock file is the process, the eighth its state; a crashed predecessor leaves its own behind. */
function isReady(data: string, { pid }: ChildProcess): boolean {
  const lines = lockFile(data)
  return lines[0] === String(pid) && lines[7]?.trim() === 'ready'
}

/** A killed server can't give back its System V segment, a few bytes that count against the machine's limit of 4096. */
function forgetSharedMemory(data: string): void {
  const id = lockFile(data)[6]?.trim().split(/\s+/)[1]
  if (id !== undefined) spawnSync('ipcrm', ['-m', id], { stdio: 'ignore' })
}

function lockFile(data: string): string[] {
  const path = join(data, 'postmaster.pid')
  return readIfThere(path)?.split('\n') ?? []
}

/** Empty where the system doesn't tell; there they notice by themselves that the postmaster is gone. */
function childrenOf(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`
  return (readIfThere(path) ?? '').split(' ').filter(Boolean).map(Number)
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}

/** A process that is dead but not yet collected by its parent counts as gone. */
function isAlive(pid: number): boolean {
  const path = `/proc/${pid}/stat`
  return readIfThere(path)?.includes(') Z ') === false
}

/** What a server that is starting or ending may take away at any moment: between a look and a reading, too. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as { code?: string }).code ?? '')) return undefined
    throw error
  }
}
