import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startPostgres } from '@cardea/tools/servers/postgres'
import { Client } from 'pg'
import { ask } from './ask.ts'
import { autopsy, type Look, type Remains } from './durability-autopsy.ts'
import { Clients, newName } from './durability-clients.ts'
import { developerToken, ended, type ServerProcess, spawnServer, startServer } from './server-process.ts'

/**
 * Kills at random moments, and counts what was lost (promises P1 and P3). On SQLite the server is killed; on PostgreSQL
 * the database is, under a server that lives on. `npx node conformance/durability.ts --engine sqlite --kills 300`.
 */
export type Engine = 'sqlite' | 'postgres'
export type Trial = { readonly engine: Engine; readonly kills: number; readonly say?: (line: string) => void }
export type Verdict = Remains & {
  readonly engine: Engine
  readonly kills: number
  /** Kills that came before the server was ready. */
  readonly early: number
  readonly writes: number
  readonly reads: number
  readonly unanswered: number
  /** Answers that said that the server can't (5xx): on SQLite, where it is the server that dies, each of them is a loss. */
  readonly failed: number
  /** Promised versions that were read again at the end. */
  readonly reread: number
  readonly seconds: number
  readonly lost: readonly string[]
}

const writers = 6
const readers = 3
const names = () => Array.from({ length: 24 }, (_, index) => newName(`name-${index}`))
/** A kill comes this long after the load began, at most; a turn on PostgreSQL takes several journeys. */
const loadMsMax = { sqlite: 250, postgres: 500 }
/** Of so many kills one comes while the server starts, before it is ready. */
const oneEarlyIn = 5
const startMsMax = 600

export const durability = ({ engine, kills, say = () => {} }: Trial): Promise<Verdict> =>
  (engine === 'sqlite' ? killServer : killDatabase)(kills, say)

async function killServer(kills: number, say: (line: string) => void): Promise<Verdict> {
  const began = performance.now()
  using folder = dataFolder()
  const data = folder.path
  let early = 0
  // The first of all falls into the founding of the installation.
  const killEarly = async () => {
    const child = spawnServer({ data, logLevel: 'error' })
    await wait(randomInt(startMsMax))
    child.kill('SIGKILL')
    await ended(child)
    early += 1
  }
  await killEarly()
  let server = await startServer({ data, logLevel: 'error' })
  const clients = new Clients(await placeOf(server), names(), { mayFail: false })
  for (let kill = early + 1; kill <= kills; kill += 1) {
    if (randomInt(oneEarlyIn) === 0 && kill < kills) {
      await server.kill()
      await killEarly()
      kill += 1
    } else {
      const stop = new AbortController()
      const use = clients.use(writers, readers, stop.signal)
      await wait(randomInt(loadMsMax.sqlite))
      const killed = server.kill()
      stop.abort()
      await Promise.all([use, killed])
    }
    server = await startServer({ data, logLevel: 'error' })
    clients.moveTo(await placeOf(server))
    await clients.settle()
    progress(say, kill, kills, clients)
  }
  const reread = await clients.readAll(16)
  clients.close()
  await server.kill()
  using database = new DatabaseSync(join(data, 'cardea.db'))
  const look: Look = async (text) => database.prepare(text).all()
  const [{ integrity_check: integrity } = {}] = await look('pragma integrity_check')
  if (integrity !== 'ok') clients.told.wrong.push(`the database file is damaged: ${integrity}`)
  return verdict('sqlite', { kills, early, reread, began }, clients, await autopsy(look, clients))
}

async function killDatabase(kills: number, say: (line: string) => void): Promise<Verdict> {
  const began = performance.now()
  using folder = dataFolder()
  await using postgres = await startPostgres({ database: 'cardea' })
  // It says at `warn` that connections were lost, which is what we do to it all the time.
  await using server = await startServer({ data: folder.path, database: postgres.url(), logLevel: 'silent' })
  const clients = new Clients(await placeOf(server), names(), { mayFail: true })
  for (let kill = 1; kill <= kills; kill += 1) {
    const stop = new AbortController()
    const use = clients.use(writers, readers, stop.signal)
    await wait(randomInt(loadMsMax.postgres))
    await postgres.kill()
    stop.abort()
    await use
    await postgres.restart()
    await untilReady(server)
    await clients.settle()
    progress(say, kill, kills, clients)
  }
  const reread = await clients.readAll(16)
  clients.close()
  await server.kill()
  const client = new Client(postgres.url())
  await client.connect()
  const look: Look = async (text) => (await client.query(text)).rows
  const remains = await autopsy(look, clients).finally(() => client.end())
  return verdict('postgres', { kills, early: 0, reread, began }, clients, remains)
}

const hostOf = ({ domain }: ServerProcess) => `demo.vault.${domain}`
const placeOf = async (server: ServerProcess) => ({
  ...{ port: server.port, ca: server.ca, host: hostOf(server), token: await developerToken(server) },
})

async function untilReady(server: ServerProcess): Promise<void> {
  const { port, ca } = server
  for (const until = Date.now() + 30_000; Date.now() < until; await wait(20)) {
    const asked = { port, ca, host: hostOf(server), method: 'GET', path: '/.cardea/ready' }
    const status = await ask(asked).then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 200) return
  }
  throw new Error('The server does not find its database again')
}

function progress(say: (line: string) => void, kill: number, kills: number, { told }: Clients): void {
  if (kill % 10 !== 0 && kill !== kills) return
  say(
    `${kill}/${kills} kills, ${told.writes.size} writes and ${told.reads.size} reads answered, ${told.wrong.length} wrong`,
  )
}

type Measured = Pick<Verdict, 'kills' | 'early' | 'reread'> & { readonly began: number }
const verdict = (engine: Engine, { began, ...measured }: Measured, { told }: Clients, remains: Remains): Verdict => ({
  engine,
  ...measured,
  ...remains,
  writes: told.writes.size,
  reads: told.reads.size,
  unanswered: told.unanswered,
  failed: told.failed,
  seconds: Math.round((performance.now() - began) / 1000),
  lost: told.wrong,
})

function dataFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'cardea-durability-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string', default: 'sqlite' },
      kills: { type: 'string', default: '300' },
      json: { type: 'boolean', default: false },
    },
  })
  const kills = Number(values.kills)
  if (!['sqlite', 'postgres'].includes(values.engine) || !Number.isInteger(kills) || kills < 1) {
    console.error('npx node conformance/durability.ts [--engine sqlite|postgres] [--kills 300] [--json]')
    process.exit(2)
  }
  const found = await durability({ engine: values.engine as Engine, kills, say: (line) => console.log(line) })
  for (const [name, value] of Object.entries(found)) {
    console.log(`${name.padEnd(12)}${Array.isArray(value) ? value.length : value}`)
  }
  for (const line of found.lost.slice(0, 20)) console.error(`  - ${line}`)
  if (values.json) console.log(JSON.stringify({ check: 'durability', ...found, lost: found.lost.length }))
  process.exitCode = found.lost.length === 0 ? 0 : 1
}
