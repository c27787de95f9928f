import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client } from 'pg'
import { freePort } from './ports.ts'
import { type ThrowAway, throwAway } from './throw-away.ts'

/** A throw-away PostgreSQL on a free loopback port, for tests and the demo: passwords are SCRAM, as in production. */
export type TestPostgres = ThrowAway & {
  readonly host: string
  readonly port: number
  /** The superuser that `url()` names by default, and its password. */
  readonly user: string
  readonly password: string
  readonly database: string
  url(user?: string, password?: string, database?: string): string
}

export type PostgresOptions = {
  /** Created beside `postgres`, which is what it is by default. */
  readonly database?: string
  /** Writes every statement to the log, to see what a server's operator would. */
  readonly logStatements?: boolean
}

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
  const { database = 'postgres', logStatements = false } = options
  const host = '127.0.0.1'
  const user = 'postgres'
  const password = randomBytes(18).toString('base64url')
  // What is asked to end by SIGTERM waits until its clients have gone; by SIGINT it sends them away.
  const server = await throwAway('postgres', { user, stopSignal: 'SIGINT', crash: (...it) => crash(data, ...it) })
  const data = join(server.folder, 'data')
  try {
    const passwordFile = join(server.folder, 'password')
    await writeFile(passwordFile, password)
    server.own(passwordFile)
    // Without the final sync of initdb: it guards against a power cut, and takes the longest. The server itself does sync.
    const cluster = [
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
    await server.run(join(bin, 'initdb'), cluster)
    const port = await freePort()
    const settings = [
      ...[`port=${port}`, `listen_addresses=${host}`, `unix_socket_directories=${server.folder}`],
      // As files in the data folder, so that a killed server leaves nothing in shared memory.
      'dynamic_shared_memory_type=mmap',
      ...(logStatements ? ['log_statement=all'] : []),
    ]
    const words = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
    await server.start(join(bin, 'postgres'), words, async () => isReady(data, server.pid()))
    const url: TestPostgres['url'] = (as = user, secret = password, to = database) =>
      `postgresql://${encodeURIComponent(as)}:${encodeURIComponent(secret)}@${host}:${port}/${encodeURIComponent(to)}`
    if (database !== 'postgres') await create(database, url(user, password, 'postgres'))
    return { ...server, host, port, user, password, database, url }
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

/** A crash: the postmaster and its children get no chance to tidy up. */
async function crash(data: string, pid: number, ended: Promise<unknown>): Promise<void> {
  // Held still first, so that no child is born between counting them and the end.
  process.kill(pid, 'SIGSTOP')
  const children = childrenOf(pid)
  for (const each of [pid, ...children]) end(each)
  await ended
  while (children.some(isAlive)) await wait(5)
  forgetSharedMemory(data)
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
function isReady(data: string, pid: number): boolean {
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
