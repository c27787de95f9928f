import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Database, type Ledger, StaleEpoch } from './database.ts'
import { Fault } from './fault.ts'
import { migrate } from './migrations.ts'
import type { Sql } from './sql.ts'

/** What a test keeps as an entry. */
export type Note = { at: number; readonly text: string }

/** Opens the same empty database again and again: the second opening finds what the first one left. */
export type Opened = AsyncDisposable & { open(ledger?: Ledger<Note>): Promise<Database<Note>> }

/** A ledger that keeps its notes in a table, as the real one does. */
export const noting: Ledger<Note> = async (sql, entries) => {
  for (const { text } of entries) await sql.run(`insert into noted values ('${text}')`, [])
  return () => {}
}

const texts = async (sql: Sql, table: string): Promise<string[]> =>
  (await sql.run(`select text from ${table} order by text`, [])).rows.map((row) => (row as { text: string }).text)

const house = new URL('../migrations/', import.meta.url)

async function ready(place: Opened, ledger: Ledger<Note> = noting): Promise<Database<Note>> {
  const database = await place.open(ledger)
  await migrate(database, house)
  await database.write(async ({ sql }) => {
    await sql.run('create table if not exists note (text text not null unique)', [])
    await sql.run('create table if not exists noted (text text not null)', [])
  })
  return database
}

const put =
  (text: string) =>
  async ({ sql }: { sql: Sql }) => {
    await sql.run(`insert into note values ('${text}')`, [])
  }

/** What every engine promises. A new one passes this before anything else may use it. */
export function databaseBehaves(kind: string, prepare: () => Promise<Opened>, skip: string | false = false): void {
  describe(`${kind}, as a database`, { skip }, () => {
    it('keeps what was written, also for the one who opens it next', async () => {
      await using place = await prepare()
      {
        await using database = await ready(place)
        await database.write(put('kept'))
      }
      await using again = await place.open(noting)
      assert.deepEqual(await texts(again.read, 'note'), ['kept'])
    })

    it('forgets all of a work that throws, and nothing of those that shared its turn', async () => {
      await using place = await prepare()
      await using database = await ready(place)
      const spoilt = async (turn: { sql: Sql }) => {
        await put('half')(turn)
        throw new Error('stop')
      }
      const [before, failed, after] = await Promise.allSettled([
        database.write(put('before')),
        database.write(spoilt),
        database.write(put('after')),
      ])
      assert.equal(before.status, 'fulfilled')
      assert.equal(failed.status, 'rejected')
      assert.equal(after.status, 'fulfilled')
      assert.deepEqual(await texts(database.read, 'note'), ['after', 'before'])
    })

    it('lets a statement fail inside a work without spoiling its neighbours', async () => {
      await using place = await prepare()
      await using database = await ready(place)
      await database.write(put('one'))
      const [twice, other] = await Promise.allSettled([database.write(put('one')), database.write(put('two'))])
      assert.equal(twice.status, 'rejected')
      assert.equal(other.status, 'fulfilled')
      assert.deepEqual(await texts(database.read, 'note'), ['one', 'two'])
    })

    it('runs works one after the other, however many ask at once', async () => {
      await using place = await prepare()
      await using database = await ready(place)
      await database.write(put('0'))
      const add = () =>
        database.write(async ({ sql }) => {
          const [now] = await texts(sql, 'note')
          await Promise.resolve()
          await sql.run(`update note set text = '${Number(now) + 1}'`, [])
        })
      await Promise.all(Array.from({ length: 50 }, add))
      assert.deepEqual(await texts(database.read, 'note'), ['50'])
    })

    it('shows a reader nothing of a turn that is not committed', async () => {
      await using place = await prepare()
      await using database = await ready(place)
      await database.write(async (turn) => {
        await put('unseen')(turn)
        assert.deepEqual(await texts(database.read, 'note'), [])
      })
      assert.deepEqual(await texts(database.read, 'note'), ['unseen'])
    })

    it('keeps an entry of a work that failed, without its changes', async () => {
      await using place = await prepare()
      await using database = await ready(place)
      const failing = database.write(
        async (turn) => {
          await put('half')(turn)
          throw new Error('stop')
        },
        (at, outcome) => [{ at, text: 'failed' in outcome ? 'it failed' : 'it was done' }],
      )
      await assert.rejects(failing, /stop/)
      assert.deepEqual(await texts(database.read, 'note'), [])
      assert.deepEqual(await texts(database.read, 'noted'), ['it failed'])
    })

    it('answers nobody when the entries can’t be kept', async () => {
      await using place = await prepare()
      const broken: Ledger<Note> = async () => {
        throw new Fault('unavailable', 'the journal is full')
      }
      await using database = await ready(place, broken)
      const [written, witnessed] = await Promise.allSettled([
        database.write(put('lost'), (at) => [{ at, text: 'x' }]),
        database.witness({ text: 'read' }, undefined),
      ])
      assert.equal(written.status, 'rejected')
      assert.equal(witnessed.status, 'rejected')
      assert.deepEqual(await texts(database.read, 'note'), [])
      await database.write(put('later'))
    })

    it('witnesses a reading only at the epoch at which it was decided', async () => {
      await using place = await prepare()
      await using database = await ready(place)
      const { epoch } = database
      await database.witness({ text: 'then' }, epoch)
      await database.write(async (turn) => turn.changeAccess())
      await assert.rejects(database.witness({ text: 'too late' }, epoch), StaleEpoch)
      assert.equal(database.epoch, epoch + 1)
      await database.witness({ text: 'now' }, database.epoch)
      assert.deepEqual(await texts(database.read, 'noted'), ['now', 'then'])
    })

    it('numbers changes without gaps, also around those that failed', async () => {
      await using place = await prepare()
      await using database = await ready(place)
      const numbers: number[] = []
      const change = (fail: boolean) =>
        database.write(async (turn) => {
          const number = turn.nextSequence()
          if (fail) throw new Error('stop')
          numbers.push(number)
        })
      await Promise.allSettled([change(false), change(true), change(false), change(true), change(false)])
      assert.deepEqual(numbers, [1, 2, 3])
      assert.equal(database.sequence, 3)
    })

    it('wakes those who wait for changes', async () => {
      await using place = await prepare()
      await using database = await ready(place)
      const woken = new Promise<void>((resolve) => void database.onCommit(resolve))
      await database.write(async (turn) => void turn.nextSequence())
      await woken
    })

    it('finishes what was asked before it closes, and refuses what comes after', async () => {
      await using place = await prepare()
      const database = await ready(place)
      const asked = Promise.all([database.write(put('a')), database.write(put('b'))])
      await Promise.all([asked, database[Symbol.asyncDispose]()])
      await assert.rejects(database.write(put('c')), { code: 'unavailable' })
      await using again = await place.open(noting)
      assert.deepEqual(await texts(again.read, 'note'), ['a', 'b'])
    })

    it('is brought up to date once, and refuses a past that was altered', async () => {
      await using place = await prepare()
      await using database = await place.open(noting)
      assert.ok((await migrate(database, house)).includes('001-house.sql'))
      assert.deepEqual(await migrate(database, house), [])
      await database.write(({ sql }) =>
        sql.run("update migration set digest = 'other' where name = '001-house.sql'", []),
      )
      await assert.rejects(migrate(database, house), /has changed since it was applied/)
      await database.write(({ sql }) =>
        sql.run("update migration set name = '999-later.sql' where name = '001-house.sql'", []),
      )
      await assert.rejects(migrate(database, house), /newer Cardea/)
    })
  })
}
