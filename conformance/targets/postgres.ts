import { startPostgres } from '@cardea/tools/servers/postgres'
import { Client, DatabaseError, escapeIdentifier } from 'pg'
import type { Stand, Target } from './target.ts'

/** A PostgreSQL with pairs of roles that alternate, or with roles that have one password. */
export async function openPostgresTarget(kind: 'pair' | 'role'): Promise<Target> {
  const server = await startPostgres({ database: 'shop' })
  const told = async <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> => {
    const root = new Client(server.url())
    await root.connect()
    return (await root.query<Row>(text, values).finally(() => root.end())).rows
  }
  const [version] = await told<{ server_version: string }>('show server_version')
  const { host, database } = server

  return {
    program: `PostgreSQL ${version?.server_version.split(' ')[0]}`,
    async stand(secret, port = server.port): Promise<Stand> {
      const name = secret.replaceAll('-', '_')
      const roles = kind === 'pair' ? [`${name}_a`, `${name}_b`] : [name]
      if (kind === 'role') await told(`create role ${escapeIdentifier(name)} login password 'first'`)
      const place = { host, port, database }
      return {
        binding: (admin) => ({ ...place, admin, ...(kind === 'pair' ? { roles } : { role: name }) }),
        draws: server.url().replace(`:${server.port}/`, `:${port}/`),
        first: kind === 'pair' ? undefined : 'first',
        accepts: (value) =>
          logsIn(kind === 'pair' ? value.replace(`:${port}/`, `:${server.port}/`) : server.url(name, value, database)),
        async living() {
          const now = 'select count(*)::int as living from pg_roles where rolcanlogin and rolname = any($1::text[])'
          return (await told<{ living: number }>(now, [roles]))[0]?.living ?? 0
        },
      }
    },
    server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** 28P01: a wrong password; 28000: a role that may not log in. */
async function logsIn(connectionString: string): Promise<boolean> {
  const client = new Client({ connectionString, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch (error) {
    if (error instanceof DatabaseError && ['28P01', '28000'].includes(error.code ?? '')) return false
    throw error
  } finally {
    await client.end().catch(() => {})
  }
}
