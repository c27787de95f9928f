import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { guardOf, hasEnded, unprivileged } from './guard.ts'

/** The path of a program; Debian keeps servers off the path of ordinary users. */
export function programOf(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

/** A server in a folder of its own. It ends, and its folder goes, with `await using` and whatever becomes of this process. */
export type ThrowAway = AsyncDisposable & {
  readonly folder: string
  /** The server's process, or the last one that it was. */
  pid(): number
  /** All that the server has written since the first start. */
  log(): string
  /** Runs a program to its end, as who the server runs as. */
  run(program: string, args: readonly string[]): Promise<void>
  /** Starts the server itself, and returns once it is ready. */
  start(program: string, args: readonly string[], ready: () => Promise<boolean>): Promise<void>
  /** The same once more, after a crash or after stopping it in good order. */
  restart(): Promise<void>
  kill(): Promise<void>
  /** Makes a file of the folder the server's own. */
  own(path: string): void
}

/** What is different from one kind of server to another. */
export type Manners = {
  /** Who it runs as where root starts it. */
  readonly user: string
  readonly env?: (folder: string) => Record<string, string>
  /** What it takes for a wish that it end in good order. */
  readonly stopSignal?: NodeJS.Signals
  /** Ends it as a crash would, with all that belongs to it. `ended` is the end of the process itself. */
  readonly crash?: (pid: number, ended: Promise<unknown>) => Promise<unknown>
}

const startMsMax = 60_000
const stopMsMax = 15_000

/** A process that stands for all of its server. */
const crashAlone: NonNullable<Manners['crash']> = (pid, ended) => {
  process.kill(pid, 'SIGKILL')
  return ended
}

export async function throwAway(
  name: string,
  { user, env, stopSignal = 'SIGTERM', crash = crashAlone }: Manners,
): Promise<ThrowAway> {
  const runAs = unprivileged(user)
  const folder = await mkdtemp(join(tmpdir(), `cardea-${name}-`))
  const own = (path: string): void => {
    if (runAs) chownSync(path, runAs.uid, runAs.gid)
  }
  own(folder)
  const variables = env?.(folder) ?? {}
  const surroundings = {
    ...runAs,
    cwd: folder,
    env: { PATH: process.env.PATH, LC_ALL: 'C', HOME: folder, ...variables },
  }
  const logFile = join(folder, 'log')
  const guard = guardOf(folder, surroundings)
  let server: ChildProcess | undefined
  let last: (() => Promise<void>) | undefined

  function spawned(program: string, args: readonly string[]): ChildProcess {
    const log = openSync(logFile, 'a')
    const child = spawn(program, args, { ...surroundings, stdio: ['ignore', log, log] })
    closeSync(log)
    return child
  }
  const log = () => readFileSync(logFile, 'utf8')

  async function end(by: (pid: number, ended: Promise<unknown>) => Promise<unknown>): Promise<void> {
    if (server?.pid === undefined || hasEnded(server)) return
    const ended = once(server, 'exit')
    server.ref()
    await by(server.pid, ended)
  }
  const stop = () =>
    end(async (pid, ended) => {
      process.kill(pid, stopSignal)
      const late = setTimeout(() => void crash(pid, ended), stopMsMax)
      await ended
      clearTimeout(late)
    })

  const begun: ThrowAway = {
    folder,
    pid: () => server?.pid ?? 0,
    log,
    own,
    async run(program, args) {
      const [code] = await once(spawned(program, args), 'exit')
      if (code !== 0) throw new Error(`${program} failed:\n${log()}`)
    },
    async start(program, args, ready) {
      last = () => begun.start(program, args, ready)
      const child = spawned(program, args)
      child.unref()
      server = child
      guard.watch(child.pid)
      child.once('exit', () => guard.watch(undefined))
      const until = Date.now() + startMsMax
      while (!(await ready())) {
        if (hasEnded(child) || Date.now() > until) throw new Error(`${name} doesn't start:\n${log()}`)
        await wait(20)
      }
    },
    kill: () => end(crash),
    async restart() {
      await stop()
      await last?.()
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await guard.release()
    },
  }
  return begun
}
