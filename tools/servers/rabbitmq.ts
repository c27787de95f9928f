import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './ports.ts'
import { programOf, type ThrowAway, throwAway } from './throw-away.ts'

/** A throw-away RabbitMQ on free loopback ports, with its management interface. */
export type TestRabbitmq = ThrowAway & {
  readonly host: string
  /** The management interface's. */
  readonly port: number
  url(user?: string, password?: string): string
  /** Asks the management interface as the administrator. */
  ask(method: string, path: string, body?: object): Promise<{ readonly status: number; readonly text: string }>
}

const execute = promisify(execFile)
const programs = '/usr/lib/rabbitmq'

/** Debian keeps the server itself, without the script that turns root into somebody else, in its library folder. */
export function findRabbitmq(): string | undefined {
  try {
    const version = readdirSync(join(programs, 'lib')).find((name) => name.startsWith('rabbitmq_server-'))
    return version === undefined ? undefined : join(programs, 'lib', version, 'sbin', 'rabbitmq-server')
  } catch {
    return undefined
  }
}

/** `remembersMs`: for so long it lets in whoever it has let in, whatever becomes of the password meanwhile. */
export async function startRabbitmq({ remembersMs }: { readonly remembersMs?: number } = {}): Promise<TestRabbitmq> {
  const program = findRabbitmq()
  if (program === undefined) throw new Error("RabbitMQ isn't installed")
  const host = '127.0.0.1'
  const [amqp, distribution, names, port] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const password = randomBytes(18).toString('base64url')
  await using begun = new AsyncDisposableStack()
  const naming = { ERL_EPMD_PORT: String(names), ERL_EPMD_ADDRESS: host }
  await startNames(begun, naming)
  const server = begun.use(
    await throwAway('rabbitmq', {
      user: 'rabbitmq',
      env: (folder) => ({
        RABBITMQ_NODENAME: `cardea-${port}@localhost`,
        RABBITMQ_NODE_IP_ADDRESS: host,
        RABBITMQ_NODE_PORT: String(amqp),
        RABBITMQ_DIST_PORT: String(distribution),
        RABBITMQ_MNESIA_BASE: join(folder, 'data'),
        RABBITMQ_LOG_BASE: join(folder, 'logs'),
        RABBITMQ_LOGS: '-',
        RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
        RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
        // Else a shell stays between, and a signal that can't be caught ends that and not the server.
        RUNNING_UNDER_SYSTEMD: 'true',
        ...naming,
      }),
    }),
  )
  for (const name of ['data', 'logs']) {
    mkdirSync(join(server.folder, name))
    server.own(join(server.folder, name))
  }
  const plugins = ['rabbitmq_management', ...(remembersMs === undefined ? [] : ['rabbitmq_auth_backend_cache'])]
  const settings = {
    'management.tcp.ip': host,
    'management.tcp.port': port,
    default_user: 'root',
    default_pass: password,
    ...(remembersMs !== undefined && { 'auth_backends.1': 'cache', 'auth_cache.cache_ttl': remembersMs }),
  }
  const files = {
    plugins: `[${plugins.join(',')}].\n`,
    'rabbitmq.conf': Object.entries(settings)
      .map(([name, value]) => `${name} = ${value}\n`)
      .join(''),
  }
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(server.folder, name), text)
    server.own(join(server.folder, name))
  }
  const ask: TestRabbitmq['ask'] = async (method, path, body) => {
    const answer = await fetch(`http://${host}:${port}/api/${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`root:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  const ready = () =>
    ask('GET', 'whoami').then(
      ({ status }) => status === 200,
      () => false,
    )
  await server.start(program, [], ready)
  const all = begun.move()
  return {
    ...server,
    host,
    port,
    ask,
    log: () => readFileSync(join(server.folder, 'log'), 'utf8'),
    url: (user = 'root', secret = password) =>
      `http://${encodeURIComponent(user)}:${encodeURIComponent(secret)}@${host}:${port}`,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Erlang's name server. One that RabbitMQ begins itself is nobody's, and stays behind. */
async function startNames(begun: AsyncDisposableStack, env: { readonly ERL_EPMD_PORT: string }): Promise<void> {
  const program = programOf('epmd')
  if (program === undefined) throw new Error("Erlang's epmd isn't installed")
  const server = begun.use(await throwAway('epmd', { user: 'rabbitmq', env: () => env }))
  const ready = () =>
    execute(program, ['-names'], { env: { ...process.env, ...env } }).then(
      () => true,
      () => false,
    )
  await server.start(program, [], ready)
}
