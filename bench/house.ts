import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Answered, ask } from '@cardea/conformance/ask'
import { developerToken, type ServerProcess, startServer } from '@cardea/conformance/server-process'
import { asLargeAsEntras } from './token.ts'

/** A Cardea with an empty demo vault in a process of its own, everything durable, and somebody who may use the vault. */
export type House = AsyncDisposable & {
  readonly server: ServerProcess
  readonly host: string
  readonly token: string
  readonly headers: Readonly<Record<string, string>>
  /** One request by our own client, which reads the whole answer; elsewhere than to the vault, if that is said. */
  request(method: 'GET' | 'PUT' | 'POST', path: string, body?: string, elsewhere?: Elsewhere): Promise<Answered>
  /** What lies in the database. Ends the server with SIGKILL first: what counts is what is durable. */
  autopsy<T>(look: (database: DatabaseSync) => T): Promise<T>
}

/** Another server by the same name, another name, or what else is said in headers. */
type Elsewhere = {
  readonly port?: number
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
}

export const apiVersion = 'api-version=2025-07-01'
export const connectionsOfOurs = 64

export async function openHouse(nodeArguments: readonly string[] = []): Promise<House> {
  const data = mkdtempSync(join(tmpdir(), 'cardea-bench-'))
  const server = await startServer({ data, nodeArguments })
  const host = `demo.vault.${server.domain}`
  const token = await asLargeAsEntras(await developerToken(server), data)
  const headers = { authorization: `Bearer ${token}` }
  const agent = new Agent({ keepAlive: true, maxSockets: connectionsOfOurs })
  return {
    server,
    host,
    token,
    headers,
    request: (method, path, body, { headers: more, ...elsewhere } = {}) =>
      ask({
        ...{ port: server.port, ca: server.ca, host, agent, method, path, ...elsewhere },
        headers: { ...headers, ...more, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body }),
      }),
    async autopsy(look) {
      agent.destroy()
      if (!server.isRunning()) throw new Error('The server ended before its time. What it said stands above.')
      await server.kill()
      const file = join(data, 'cardea.db')
      if (!existsSync(file)) throw new Error(`${file} is gone: somebody removed the data folder during the bench.`)
      const database = new DatabaseSync(file)
      try {
        return look(database)
      } finally {
        database.close()
      }
    },
    async [Symbol.asyncDispose]() {
      agent.destroy()
      await server[Symbol.asyncDispose]()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** What Cardea answered, as the bare server is to answer it; hop-by-hop headers are made by each server itself. */
export function sameAnswer({ headers, body }: Answered): { headers: Record<string, string>; body: string } {
  const own = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding'])
  return {
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !own.has(name))) as Record<string, string>,
    body,
  }
}

export const tlsFiles = ({ data }: ServerProcess) => ({
  certFile: join(data, 'tls', 'server.pem'),
  keyFile: join(data, 'tls', 'server.key'),
})

/** Deeds so named that were done, in the journal. */
export const entriesIn = (database: DatabaseSync, operation: string): number =>
  Number(
    database.prepare("select count(*) as count from audit where operation = ? and outcome = 'done'").get(operation)
      ?.count,
  )
