import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { Client } from 'pg'

/** The system that accepts the credential which the demo rotates. */
export type Target = AsyncDisposable & {
  readonly kind: 'postgresql' | 'built-in'
  /** What it is, honestly. */
  readonly says: string
  readonly provider: string
  /** How long the old credential waits for instances that lag; none where it is gone at once anyway. */
  readonly graceSeconds: number
  /** The name of the setting by which the application finds its credential. */
  readonly setting: string
  /** What the application needs to know beside its credential. */
  readonly env: Readonly<Record<string, string>>
  /** The administrator's credential, if the provider needs one, and what to bind when it lies in this secret. */
  readonly admin: string | undefined
  binding(adminSecret: string): unknown
  /** Whom a value logs in as, for people. */
  loginOf(value: string): string
  /** Tries a value as a stranger would who found it. Throws if that can't be told. */
  accepts(value: string): Promise<boolean>
  /** A rotation is over: only this value is right from now on. */
  over(value: string): void
}

/** PostgreSQL if one is installed and wanted, else the built-in target; `current` tells it what the vault has now. */
export function openTarget(builtIn: boolean, current: () => Promise<string>): Promise<Target> {
  const installed = findPostgres() !== undefined
  if (installed && !builtIn) return postgresql()
  return service(current, installed ? 'as was asked for' : 'since no PostgreSQL is installed here')
}

async function postgresql(): Promise<Target> {
  const postgres = await startPostgres({ database: 'shop' })
  const { host, port, database } = postgres
  try {
    const version = await asking(postgres.url(), async (client) => {
      await client.query('create role orders_owner nologin')
      await client.query('create table orders (id bigint generated always as identity primary key, item text not null)')
      await client.query('alter table orders owner to orders_owner')
      const { rows } = await client.query<{ server_version: string }>('show server_version')
      return rows[0]?.server_version.split(' ', 1)[0]
    })
    return {
      kind: 'postgresql',
      says: `PostgreSQL ${version} on port ${port}, thrown away at the end`,
      provider: 'postgres',
      graceSeconds: 60,
      setting: 'Orders:Database',
      env: {},
      admin: postgres.url(),
      binding: (admin) => ({ host, port, database, admin, owner: 'orders_owner', roles: ['orders_a', 'orders_b'] }),
      loginOf: (value) => URL.parse(value)?.username ?? '?',
      accepts,
      over() {},
      [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
    }
  } catch (error) {
    await postgres[Symbol.asyncDispose]()
    throw error
  }
}

/** A real login. 28P01 is a wrong password, 28000 a role that may not log in; anything else is no answer to the question. */
async function accepts(url: string): Promise<boolean> {
  try {
    await asking(url, (client) => client.query('select 1'))
    return true
  } catch (error) {
    if (['28P01', '28000'].includes((error as { code?: string }).code ?? '')) return false
    throw error
  }
}

async function asking<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(url)
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end()
  }
}

/**
 * A small service that takes orders with exactly the credentials it knows. One that it doesn't know it looks up in the
 * vault, as a service does that shares a key with its callers; so nobody has to tell it before the application uses it.
 */
async function service(current: () => Promise<string>, why: string): Promise<Target> {
  const right = new Set<string>()
  const isRight = async (value: string): Promise<boolean> => {
    if (value !== '' && !right.has(value) && value === (await current().catch(() => undefined))) right.add(value)
    return right.has(value)
  }
  const server: Server = createServer(async (request, response) => {
    const [, value = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
    response.writeHead((await isRight(value)) ? 201 : 401).end()
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders`
  return {
    kind: 'built-in',
    says: `a small HTTP service inside this demo, ${why}`,
    provider: 'random',
    graceSeconds: 0,
    setting: 'Orders:Key',
    env: { ORDERS_TARGET: url },
    admin: undefined,
    binding: () => ({ length: 43 }),
    loginOf: () => 'orders',
    async accepts(value) {
      const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${value}` } })
      await answer.body?.cancel()
      return answer.status === 201
    },
    over(value) {
      right.clear()
      right.add(value)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
