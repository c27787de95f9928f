import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { findPostgres, startPostgres, type TestPostgres } from '@cardea/tools/servers/postgres'
import { needs } from '@cardea/tools/servers/require'
import pg from 'pg'
import { databaseBehaves, type Note, noting, type Opened } from './database-behaves.ts'
import { silentLog } from './log.ts'
import { openPostgres } from './postgres.ts'

const postgres = needs('PostgreSQL', findPostgres)

let server: TestPostgres
if (postgres.found !== undefined) {
  server = await startPostgres()
  after(() => server[Symbol.asyncDispose]())
}

let databases = 0
/** A fresh database in the throw-away server. */
async function fresh(): Promise<Opened & { readonly url: string }> {
  const name = `behaves_${++databases}`
  const client = new pg.Client(server.url())
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const url = server.url(undefined, undefined, name)
  return {
    url,
    open: async (ledger = noting) => openPostgres<Note>(url, { ledger, log: silentLog }),
    [Symbol.asyncDispose]: async () => {},
  }
}

databaseBehaves('PostgreSQL', fresh, postgres.skip)

const add = (text: string) => async (turn: { sql: { run(text: string, values: []): Promise<unknown> } }) => {
  await turn.sql.run(`insert into note values ('${text}')`, [])
}

/** A way to the server over which nothing arrives any more once it has vanished, as with a host that lost its power. */
async function vanishing() {
  const [ours, theirs]: [Socket[], Socket[]] = [[], []]
  let gone = false
  const proxy = createServer((near) => {
    const far = connect(server.port, server.host)
    ours.push(near)
    theirs.push(far)
    near.on('data', (bytes) => void (gone || far.write(bytes))).on('error', () => {})
    far.on('data', (bytes) => void (gone || near.write(bytes))).on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    port: (proxy.address() as AddressInfo).port,
    vanish() {
      gone = true
    },
    /** The server knows nothing more of what came before, and nobody says so to those who wait; new connections find it. */
    comeBack() {
      for (const socket of ours) socket.removeAllListeners('data').resume()
      for (const socket of theirs.splice(0)) socket.destroy()
      gone = false
    },
    async [Symbol.asyncDispose]() {
      proxy.close()
      for (const socket of [...ours, ...theirs]) socket.destroy()
    },
  }
}

describe('a cluster of nodes on PostgreSQL', { skip: postgres.skip }, () => {
  it('serialises the turns of all nodes, and tells each of the others’ changes', async () => {
    await using place = await fresh()
    await using one = await place.open()
    await one.write(async ({ sql }) => {
      await sql.run('create table head (epoch bigint not null, sequence bigint not null)', [])
      await sql.run('insert into head values (1, 0)', [])
      await sql.run('create table counter (n bigint not null)', [])
      await sql.run('insert into counter values (0)', [])
    })
    await using two = await place.open()
    const numbers: number[] = []
    const count = (node: typeof one) =>
      node.write(async (turn) => {
        const { rows } = await turn.sql.run('select n from counter', [])
        await turn.sql.run(`update counter set n = ${(rows[0] as { n: number }).n + 1}`, [])
        numbers.push(turn.nextSequence())
      })
    await Promise.all(Array.from({ length: 40 }, (_, index) => count(index % 2 === 0 ? one : two)))
    assert.deepEqual((await one.read.run('select n from counter', [])).rows, [{ n: 40 }])
    assert.deepEqual(
      numbers.toSorted((a, b) => a - b),
      Array.from({ length: 40 }, (_, index) => index + 1),
    )
    for (let tries = 0; tries < 100 && (one.sequence < 40 || two.sequence < 40); tries += 1) await wait(10)
    assert.deepEqual([one.sequence, two.sequence], [40, 40])
  })

  it('asks one thing after the other where a turn asks several at once', async () => {
    const warnings: string[] = []
    const note = ({ message }: Error) => warnings.push(message)
    process.on('warning', note)
    await using place = await fresh()
    await using database = await place.open()
    const found = await database.write(({ sql }) =>
      Promise.all(['select 1 as n', 'select 2 as n', 'select 3 as n'].map((text) => sql.run(text, []))),
    )
    // A warning is told in the next turn of the event loop.
    await wait(0)
    process.off('warning', note)
    assert.deepEqual(
      found.map(({ rows }) => rows),
      [[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]],
    )
    assert.deepEqual(warnings, [])
  })

  it('answers "unavailable" while the database is gone, and goes on when it is back', async () => {
    await using place = await fresh()
    await using database = await place.open()
    await database.write(({ sql }) => sql.run('create table note (text text not null)', []))
    await database.write(add('before'))
    await server.kill()
    await assert.rejects(database.write(add('while gone')), { code: 'unavailable' })
    await assert.rejects(database.read.run('select 1', []), { code: 'unavailable' })
    await server.restart()
    for (let tries = 0; ; tries += 1) {
      try {
        await database.write(add('after'))
        break
      } catch (error) {
        if (tries > 50) throw error
        await wait(100)
      }
    }
    const { rows } = await database.read.run('select text from note order by text', [])
    assert.deepEqual(rows, [{ text: 'after' }, { text: 'before' }])
  })

  it('answers "unavailable" when the database’s host vanishes without a word, and goes on when it is back', async () => {
    await using place = await fresh()
    await using way = await vanishing()
    const url = new URL(place.url)
    url.port = String(way.port)
    const nothing = { log: silentLog, ledger: noting, patienceMs: 1_000 }
    await using database = await openPostgres<Note>(url.href, nothing)
    await database.write(async ({ sql }) => {
      await sql.run('create table note (text text not null)', [])
      await sql.run('create table head (epoch bigint not null, sequence bigint not null)', [])
      await sql.run('insert into head values (1, 0)', [])
    })
    const held = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const inTurn = database.write(async (turn) => {
      begun.resolve()
      await held.promise
      await add('lost')(turn)
    })
    await begun.promise
    way.vanish()
    held.resolve()
    await assert.rejects(inTurn, { code: 'unavailable' })
    await assert.rejects(database.write(add('while gone')), { code: 'unavailable' })
    await assert.rejects(database.read.run('select 1', []), { code: 'unavailable' })
    way.comeBack()
    await database.write(add('after'))
    assert.deepEqual((await database.read.run('select text from note', [])).rows, [{ text: 'after' }])
    // It hears the others again, too.
    const heard = Promise.withResolvers<void>()
    database.onCommit(() => {
      if (database.sequence === 1) heard.resolve()
    })
    await using other = await place.open()
    await other.write(async (turn) => void turn.nextSequence())
    await heard.promise
  })

  it('looks once or twice for however many notices come at once', async () => {
    await using place = await fresh()
    await using database = await place.open()
    await database.write(async ({ sql }) => {
      await sql.run('create table head (epoch bigint not null, sequence bigint not null)', [])
      await sql.run('insert into head values (1, 0)', [])
    })
    let looks = 0
    const last = Promise.withResolvers<void>()
    database.onCommit(() => {
      looks += 1
      if (database.sequence === 1) last.resolve()
    })
    await database.write(async ({ sql }) => {
      await sql.run("select pg_notify('cardea', number::text) from generate_series(1, 500) as number", [])
    })
    await database.write(async (turn) => void turn.nextSequence())
    await last.promise
    await wait(50)
    assert.ok(looks < 20, `${looks} looks`)
  })

  it('does not take a rollback for a commit', async () => {
    await using place = await fresh()
    await using database = await openPostgres<Note>(place.url, {
      log: silentLog,
      ledger: async (sql) => {
        // Spoils the transaction, and hides it.
        await sql.run('select 1 / 0', []).catch(() => {})
        return () => {}
      },
    })
    await database.write(({ sql }) => sql.run('create table note (text text not null)', []))
    await assert.rejects(
      database.write(add('lost'), (at) => [{ at, text: 'x' }]),
      { code: 'unavailable' },
    )
    assert.deepEqual((await database.read.run('select * from note', [])).rows, [])
  })
})
