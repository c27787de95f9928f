import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Answered, ask } from './ask.ts'

/** A Cardea in a process of its own, on a free port. */
export type ServerProcess = AsyncDisposable & {
  readonly child: ChildProcess
  readonly pid: number
  readonly port: number
  readonly data: string
  readonly domain: string
  /** The authority's certificate, by which its clients know it. */
  readonly ca: string
  /** From the process' birth until it could answer. */
  readonly readyAfterMs: number
  readonly ended: Promise<unknown>
  readonly isRunning: () => boolean
  kill(): Promise<void>
}

export type ServerOptions = {
  readonly data: string
  /** A PostgreSQL URL; SQLite in `data` without it. */
  readonly database?: string
  readonly logLevel?: string
  /** Arguments for Node itself: a profiler's, say. */
  readonly nodeArguments?: readonly string[]
  /** Another program than the plain server, which says as much and ends as it does; and what it is told besides. */
  readonly program?: string
  readonly env?: Readonly<Record<string, string>>
}

const domain = 'cardea.internal'
const readyMsMax = 30_000

/** Begins a server and returns at once: for those who want to kill it before it is ready. */
export function spawnServer(options: ServerOptions): ChildProcess {
  const { data, database, logLevel = 'warn', nodeArguments = [], program = 'serve.ts', env } = options
  return spawn(process.execPath, [...nodeArguments, join(import.meta.dirname, program)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      // As the command does for itself.
      NODE_COMPILE_CACHE: fileURLToPath(new URL('../node_modules/.cache/cardea', import.meta.url)),
      CARDEA_DATA: data,
      CARDEA_PORT: '0',
      CARDEA_PROXY_PORT: 'off',
      CARDEA_DOMAIN: domain,
      CARDEA_LOG_LEVEL: logLevel,
      ...(database !== undefined && { CARDEA_DATABASE: database }),
      ...env,
    },
  })
}

export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const began = performance.now()
  const child = spawnServer(options)
  const { port, readyAfterMs } = await readiness(child, began).catch((error) => {
    child.kill('SIGKILL')
    throw error
  })
  return {
    child,
    pid: child.pid as number,
    port,
    data: options.data,
    domain,
    ca: readFileSync(join(options.data, 'tls', 'ca.pem'), 'utf8'),
    readyAfterMs,
    ended: ended(child),
    isRunning: () => isRunning(child),
    async kill() {
      child.kill('SIGKILL')
      await ended(child)
    },
    async [Symbol.asyncDispose]() {
      if (!isRunning(child)) return
      if (child.connected) child.disconnect()
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended(child)
      clearTimeout(late)
    },
  }
}

/** The port it listens on, once it is ready; throws when it ends before that. */
export async function readiness(child: ChildProcess, began = performance.now()) {
  const message = await Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(readyMsMax) }).then(([said]) => said as { port: number }),
    ended(child).then(() => undefined),
  ])
  if (message === undefined)
    throw new Error(`The server ended before it was ready (${child.exitCode ?? child.signalCode})`)
  return { port: message.port, readyAfterMs: performance.now() - began }
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null
export const ended = async (child: ChildProcess): Promise<unknown> =>
  isRunning(child) ? once(child, 'exit') : undefined

/** An access token for the vaults, or for what else is named, as the developer of this installation. */
export async function developerToken(
  { port, ca, data }: Pick<ServerProcess, 'port' | 'ca' | 'data'>,
  audience = `https://vault.${domain}`,
): Promise<string> {
  const file = join(data, 'developer.json')
  if (!existsSync(file)) throw new Error(`There is no ${file}: is this the data folder of a server?`)
  const keys = JSON.parse(readFileSync(file, 'utf8')) as { tenant: string; appId: string; password: string }
  const answer: Answered = await ask({
    port,
    ca,
    host: `login.${domain}`,
    method: 'POST',
    path: `/${keys.tenant}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: keys.appId,
      client_secret: keys.password,
      scope: `${audience}/.default`,
    }).toString(),
  })
  if (answer.status !== 200) throw new Error(`No token: ${answer.status} ${answer.body}`)
  return (JSON.parse(answer.body) as { access_token: string }).access_token
}
