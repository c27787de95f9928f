import assert from 'node:assert/strict'
import fs, { readFileSync } from 'node:fs'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it, mock } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from './database.ts'
import { databaseBehaves, type Note, noting, type Opened } from './database-behaves.ts'
import { openSqlite } from './sqlite.ts'

async function folder(): Promise<Opened & { readonly file: string }> {
  const path = await mkdtemp(join(tmpdir(), 'cardea-sqlite-'))
  const file = join(path, 'cardea.db')
  return {
    file,
    open: async (ledger = noting) => openSqlite<Note>(file, { clock: Date.now, ledger }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

databaseBehaves('SQLite', folder)

const makeTable = (database: Database<Note>) =>
  database.write(async ({ sql }) => {
    await sql.run('create table note (text text not null)', [])
    for (let count = 0; count < 200; count += 1) await sql.run(`insert into note values ('${'x'.repeat(400)}')`, [])
  })
const add = (database: Database<Note>) => database.write(({ sql }) => sql.run("insert into note values ('more')", []))

describe('an embedded database in trouble', () => {
  it('refuses a second server on the same file, in words', async () => {
    await using place = await folder()
    await using _first = await place.open()
    await assert.rejects(place.open(), /in use by another Cardea.*--data/)
  })

  it('waits for a foreign lock, and goes on when it ends', async () => {
    await using place = await folder()
    await using database = await place.open()
    await makeTable(database)
    const foreign = new DatabaseSync(place.file)
    foreign.exec('begin immediate')
    const writing = add(database)
    setTimeout(() => foreign.exec('rollback'), 100)
    await writing
    foreign.close()
  })

  it('answers "unavailable" when a foreign lock stays, and lives on', async () => {
    await using place = await folder()
    await using database = await place.open()
    await makeTable(database)
    const foreign = new DatabaseSync(place.file)
    foreign.exec('begin immediate')
    await assert.rejects(add(database), { code: 'unavailable' })
    foreign.exec('rollback')
    foreign.close()
    await add(database)
  })

  it('refuses to answer when the disk is full, and loses nothing that it answered', async () => {
    await using place = await folder()
    await using database = await place.open()
    await makeTable(database)
    // A limit on pages fails in the same place and with the same code as a disk without room.
    await database.write(({ sql }) => sql.run('pragma max_page_count = 1', []))
    const fill = database.write(async ({ sql }) => {
      for (let count = 0; count < 500; count += 1) await sql.run(`insert into note values ('${'y'.repeat(4000)}')`, [])
    })
    await assert.rejects(fill, { code: 'unavailable', message: /disk is full/ })
    const { rows } = await database.read.run('select count(*) as n from note', [])
    assert.equal((rows[0] as { n: number }).n, 200)
  })

  it('says of a truncated file that it is, and which', async () => {
    await using place = await folder()
    {
      await using database = await place.open()
      await makeTable(database)
    }
    await truncate(place.file, 20_000)
    await assert.rejects(place.open(), /cardea\.db is truncated: 20000 of \d+ bytes/)
  })

  it('says of a file of another kind that it is no database', async () => {
    await using place = await folder()
    await writeFile(place.file, 'a letter to grandmother, much longer than a header would be, and then some more of it')
    await assert.rejects(place.open(), /is not a Cardea database/)
  })

  it('says of a damaged file that it is, as often as it is opened, and holds nothing of it', async () => {
    await using place = await folder()
    {
      await using database = await place.open()
      await makeTable(database)
    }
    // All but the header, which says how long it is.
    const whole = readFileSync(place.file)
    await writeFile(place.file, Buffer.concat([whole.subarray(0, 100), Buffer.alloc(whole.length - 100, 0xff)]))
    for (let times = 0; times < 2; times += 1) await assert.rejects(place.open(), { message: /is damaged/ })
    await writeFile(place.file, whole)
    await using again = await place.open()
    await add(again)
  })

  it('says what is the matter when its lock can’t be taken for another reason than another server', async () => {
    await using place = await folder()
    await writeFile(`${place.file}-lock`, 'a letter to grandmother. '.repeat(200))
    await assert.rejects(place.open(), { code: 'unavailable', message: /not a database/ })
  })

  it('answers "unavailable" when the file may only be read', async () => {
    await using place = await folder()
    await using database = await place.open()
    await makeTable(database)
    // Fails with the code of a file without write permission, also for root, who may write everything.
    await database.write(({ sql }) => sql.run('pragma query_only = on', []))
    await assert.rejects(add(database), { code: 'unavailable', message: /read-only/ })
    assert.equal((await database.read.run('select 1 from note', [])).rows.length, 200)
  })

  it('answers "unavailable" from a failed synchronisation on, until it is opened anew', async () => {
    await using place = await folder()
    {
      await using database = await place.open()
      await makeTable(database)
      const failing = mock.method(fs, 'fdatasync', (_: number, done: (error: Error | null) => void) =>
        done(new Error('EIO')),
      )
      syncBuiltinESMExports()
      await assert.rejects(add(database), { code: 'unavailable', message: /disk failed.*restart/ })
      failing.mock.restore()
      syncBuiltinESMExports()
      // The disk seems well again, but what it holds is not known.
      await assert.rejects(add(database), { code: 'unavailable' })
    }
    await using again = await place.open()
    await add(again)
  })

  it('synchronises its journal before it says that a turn is done', async () => {
    await using place = await folder()
    await using database = await place.open()
    await makeTable(database)
    const order: string[] = []
    const { fdatasync } = fs
    const watching = mock.method(fs, 'fdatasync', (descriptor: number, done: (error: Error | null) => void) => {
      order.push('begins')
      fdatasync(descriptor, (error) => {
        order.push('on the disk')
        done(error)
      })
    })
    syncBuiltinESMExports()
    await add(database)
    order.push('answered')
    watching.mock.restore()
    syncBuiltinESMExports()
    assert.deepEqual(order, ['begins', 'on the disk', 'answered'])
  })

  it('answers what is on the disk while the next turn isn’t yet, and that only when it is', async () => {
    await using place = await folder()
    await using database = await place.open()
    await makeTable(database)
    const waiting: (() => void)[] = []
    const { fdatasync } = fs
    const holding = mock.method(fs, 'fdatasync', (descriptor: number, done: (error: Error | null) => void) => {
      waiting.push(() => fdatasync(descriptor, done))
    })
    syncBuiltinESMExports()
    try {
      const answered: string[] = []
      // The first two share a turn. The third comes when that is on its way.
      const deeds = ['first', 'second'].map((name) => add(database).then(() => answered.push(name)))
      await until(() => waiting.length === 1)
      const later = add(database).then(() => answered.push('third'))
      await pause(20)
      assert.deepEqual(answered, [])
      waiting[0]?.()
      await until(() => waiting.length === 2 && answered.length === 2)
      await pause(20)
      assert.deepEqual(answered, ['first', 'second'])
      waiting[1]?.()
      await Promise.all([...deeds, later])
      assert.deepEqual(answered, ['first', 'second', 'third'])
    } finally {
      holding.mock.restore()
      syncBuiltinESMExports()
    }
  })
})

const until = async (so: () => boolean): Promise<void> => {
  for (let tries = 0; !so(); tries += 1) {
    assert.ok(tries < 1000, 'it never came')
    await pause(5)
  }
}
