import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { DatabaseSync } from 'node:sqlite'

/**
 * What Cardea is measured against, in a process of its own: `node:https` and nothing else. It answers every request with
 * the status, the headers and the body that Cardea answered once. With a database it first keeps the request's body:
 * one row, in one commit with whatever else arrived in the same turn of the event loop; what the disk allows, and no more.
 */
export type Bare = {
  readonly certFile: string
  readonly keyFile: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly database?: string
}

const given = JSON.parse(readFileSync(0, 'utf8')) as Bare
const tls = { cert: readFileSync(given.certFile), key: readFileSync(given.keyFile), minVersion: 'TLSv1.3' as const }
const answer = (response: ServerResponse) => response.writeHead(200, given.headers).end(given.body)

const server = createServer({ ...tls, keepAliveTimeout: 75_000 })
if (given.database === undefined) server.on('request', (_, response) => answer(response))
else {
  const keep = shared(given.database)
  server.on('request', (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => keep(Buffer.concat(parts), () => answer(response)))
  })
}
server.listen(0, '127.0.0.1', () => process.send?.({ ready: true, port: (server.address() as { port: number }).port }))
process.once('disconnect', () => process.exit(0))

/** Rows of one turn of the event loop in one durable commit. */
function shared(file: string): (row: Buffer, then: () => void) => void {
  const database = new DatabaseSync(file)
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  database.exec('create table if not exists kept (number integer primary key, body blob not null)')
  const insert = database.prepare('insert into kept (body) values (?)')
  let waiting: { row: Buffer; then: () => void }[] = []
  const turn = () => {
    const taken = waiting
    waiting = []
    database.exec('begin immediate')
    for (const { row } of taken) insert.run(row)
    database.exec('commit')
    for (const { then } of taken) then()
  }
  return (row, then) => {
    if (waiting.push({ row, then }) === 1) setImmediate(turn)
  }
}
