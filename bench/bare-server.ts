import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { DatabaseSync } from 'node:sqlite'

/**
 * What Cardea is measured against, in a process of its own: `node:https` and nothing else. It answers every request with
 * the status, the headers and the body that Cardea answered once. With a database it first keeps what was sent, in one
 * commit with whatever else arrived in the same turn of the event loop; what the disk allows, and no more: the body as
 * one row, or the same records that Cardea keeps of a write, in the same tables, but unsealed and unchecked.
 */
export type Bare = {
  readonly certFile: string
  readonly keyFile: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly database?: string
  readonly keeps?: 'one row' | 'all records'
}

const given = JSON.parse(readFileSync(0, 'utf8')) as Bare
const tls = { cert: readFileSync(given.certFile), key: readFileSync(given.keyFile), minVersion: 'TLSv1.3' as const }
const answer = (response: ServerResponse) => response.writeHead(200, given.headers).end(given.body)

const server = createServer({ ...tls, keepAliveTimeout: 75_000 })
if (given.database === undefined) server.on('request', (_, response) => answer(response))
else {
  const keep = shared(given.database, given.keeps === 'all records' ? allRecords : oneRow)
  server.on('request', (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => keep({ target: request.url ?? '', body: Buffer.concat(parts) }, () => answer(response)))
  })
}
server.listen(0, '127.0.0.1', () => process.send?.({ ready: true, port: (server.address() as { port: number }).port }))
process.once('disconnect', () => process.exit(0))

type Sent = { readonly target: string; readonly body: Buffer }
/** Keeps one thing that was sent; what it returns is done once before the commit. */
type Keeper = (database: DatabaseSync) => { each(sent: Sent): void; last(): void }

/** What was sent in one turn of the event loop, in one durable commit. */
function shared(file: string, keeper: Keeper): (sent: Sent, then: () => void) => void {
  const database = new DatabaseSync(file)
  database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 4000')
  const { each, last } = keeper(database)
  let waiting: { sent: Sent; then: () => void }[] = []
  const turn = () => {
    const taken = waiting
    waiting = []
    database.exec('begin immediate')
    for (const { sent } of taken) each(sent)
    last()
    database.exec('commit')
    for (const { then } of taken) then()
  }
  return (sent, then) => {
    if (waiting.push({ sent, then }) === 1) setImmediate(turn)
  }
}

function oneRow(database: DatabaseSync): ReturnType<Keeper> {
  database.exec('create table if not exists kept (number integer primary key, body blob not null)')
  const insert = database.prepare('insert into kept (body) values (?)')
  return { each: ({ body }) => void insert.run(body), last: () => {} }
}

/** A version, its head, the change, the audit entry, and the head of the journal: the five writes of one secret. */
function allRecords(database: DatabaseSync): ReturnType<Keeper> {
  const tables = readFileSync(new URL('../server/migrations/001-house.sql', import.meta.url), 'utf8')
  database.exec(tables.replace(/^--sqlite /gm, '').replace(/^--.*$/gm, ''))
  const version = database.prepare(
    "insert into secret_version (vault, name_key, version, sealed, tags, enabled, created, updated) values ('demo', ?, ?, ?, '', 1, ?, ?)",
  )
  const head = database.prepare(
    "insert into secret (vault, name_key, name, version) values ('demo', ?1, ?1, ?2) on conflict do update set version = ?2",
  )
  const scope = `/subscriptions/${randomUUID()}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
  const change = database.prepare(
    "insert into change (sequence, at, type, scope, resource, name, version) values (?, ?, 'secret-version-created', ?, ?, ?, ?)",
  )
  const audit = database.prepare(
    'insert into audit_turn (writer, first, last, at, entries, link, proof) values (?, ?, ?, ?, ?, ?, ?)',
  )
  const journal = database.prepare('update head set sequence = ?')
  const [writer, caller] = [randomUUID(), randomUUID()]
  const hash = Buffer.alloc(32)
  let sequence = 0
  let entries: string[][] = []
  return {
    each({ target, body }) {
      sequence += 1
      const [name, id, at] = [target.slice(9, 25), randomUUID().replaceAll('-', ''), Date.now()]
      const resource = `${scope}/secrets/${name}`
      version.run(name, id, body, at, at)
      head.run(name, id)
      change.run(sequence, at, scope, resource, name, id)
      entries.push(['SecretSet', resource, caller, caller, 'done', '127.0.0.1', '', ''])
    },
    last() {
      audit.run(writer, sequence - entries.length + 1, sequence, Date.now(), JSON.stringify(entries), hash, hash)
      entries = []
      journal.run(sequence)
    },
  }
}
