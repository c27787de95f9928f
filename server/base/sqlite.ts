import { closeSync, existsSync, fdatasync, openSync, readSync, statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Clock } from './clock.ts'
import { Committer, type Connection, type Head, Watchers } from './committer.ts'
import type { Database, Ledger } from './database.ts'
import { Fault } from './fault.ts'
import type { TurnMeter } from './metrics.ts'
import { Recall } from './recall.ts'
import type { Sql, Value } from './sql.ts'

/**
 * The embedded engine: one SQLite file in WAL mode, one process. Two connections: the writer holds the turn's transaction,
 * the reader sees only what is committed; so no reader ever meets half a turn.
 *
 * What `synchronous = FULL` does at the end of a commit, we do ourselves, beside the event loop: the commit writes the
 * journal (`-wal`), and the turn is over when that file has been synchronised to the disk. Whatever is answered was
 * witnessed by a turn, so nobody hears of something that a loss of power could take back. SQLite itself synchronises
 * before and after each checkpoint, and when it begins the journal anew (`synchronous = NORMAL`).
 */
export function openSqlite<Entry extends { at: number }>(
  file: string,
  { clock, ledger, meter }: { clock: Clock; ledger: Ledger<Entry>; meter?: TurnMeter },
): Database<Entry> {
  refuseTruncated(file)
  const { writer, reader, journal, close } = openFiles(file)
  const watchers = new Watchers()
  const sql = sqlOver(writer)
  const seen = { epoch: 0, sequence: 0 }
  const recall = new Recall()
  let changing = false
  let checkpointAt = 0
  const connection: Connection = {
    sql,
    async begin(exclusive, meanwhile) {
      journal.refuseBroken()
      await begun(writer, meanwhile)
      changing = exclusive
      const { epoch, sequence } = headOf(writer)
      return { epoch, sequence, at: clock() }
    },
    async savepoint() {
      prepared(writer, 'savepoint', 'savepoint work').run()
    },
    async release() {
      prepared(writer, 'release', 'release work').run()
    },
    async rollbackToSavepoint() {
      writer.exec('rollback to work; release work')
    },
    async commit(head, _, meanwhile) {
      guard(() => {
        if (head !== undefined) {
          prepared(writer, 'move', 'update head set epoch = ?, sequence = ?').run(head.epoch, head.sequence)
        }
        endSnapshot(reader)
        if (changing) recall.forget()
        const pages = changing ? checkpointPages.changing : checkpointPages.reading
        if (pages !== checkpointAt) writer.exec(`pragma wal_autocheckpoint = ${pages}`)
        checkpointAt = pages
        prepared(writer, 'commit', 'commit').run()
      })
      const synchronised = journal.synchronise()
      meanwhile()
      await synchronised
    },
    async rollback() {
      if (writer.isTransaction) writer.exec('rollback')
    },
    // After the poll phase, so that all requests which arrived together share the turn.
    soon: setImmediate,
  }
  const moved = (head: Head, stirred: boolean) => {
    if (!stirred && head.epoch === seen.epoch && head.sequence === seen.sequence) return
    Object.assign(seen, { epoch: head.epoch, sequence: head.sequence })
    watchers.tell()
  }
  const committer = new Committer<Entry>(connection, ledger, moved, meter)
  const read: Sql = { ...sqlOver(reader, beginSnapshot), recall }
  return {
    engine: 'sqlite',
    read,
    get epoch() {
      return seen.epoch
    },
    get sequence() {
      return seen.sequence
    },
    write: (work, entryOf) => committer.write(work, entryOf),
    witness: (entry, epoch) => committer.witness(entry, epoch),
    onCommit: (listener) => watchers.add(listener),
    check: () => committer.check(read),
    async [Symbol.asyncDispose]() {
      await committer.close()
      close()
    },
  }
}

type Files = {
  readonly writer: DatabaseSync
  readonly reader: DatabaseSync
  readonly journal: Journal
  /** Closes all of them, and gives the file free. */
  close(): void
}

/** Takes the file for this process and opens it; what can't be opened whole is left as if nobody had tried. */
function openFiles(file: string): Files {
  using opened = new DisposableStack()
  const kept = (database: DatabaseSync): DatabaseSync => opened.adopt(database, () => database.close())
  kept(lockFile(`${file}-lock`, file))
  const writer = kept(open(file))
  const reader = kept(open(file))
  const journal = guard(() => {
    writer.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on')
    reader.exec('pragma query_only = on')
    return openJournal(file, writer)
  })
  opened.defer(() => journal.close())
  const all = opened.move()
  return { writer, reader, journal, close: () => all.dispose() }
}

/** Looks at a database without changing it, as one state, also while a server works on it. */
export function lookIntoSqlite(file: string): Disposable & { readonly sql: Sql } {
  const reader = guard(() => new DatabaseSync(file, { readOnly: true }))
  reader.exec('begin')
  return { sql: sqlOver(reader), [Symbol.dispose]: () => reader.close() }
}

type Journal = {
  /** Resolves when all that was committed before is on the disk. */
  synchronise(): Promise<void>
  /** Throws once a synchronisation has failed. */
  refuseBroken(): void
  close(): void
}

/** The journal file. SQLite's locks lie on the other two files, so opening and closing this one disturbs none. */
function openJournal(file: string, writer: DatabaseSync): Journal {
  // The first transaction makes the file.
  writer.exec('begin immediate; pragma user_version = 1; commit')
  const descriptor = openSync(`${file}-wal`, 'r+')
  let broken: Fault | undefined
  return {
    synchronise: () =>
      new Promise((resolve, reject) => {
        fdatasync(descriptor, (error) => {
          if (error === null) return resolve()
          // After a failure the system may forget what it could not write, and call the next attempt a success. What is on
          // the disk is known again when the file has been opened anew.
          broken ??= new Fault(
            'unavailable',
            "The store can't serve now: the disk failed. Mend the disk, then restart.",
            {},
            { cause: error },
          )
          reject(broken)
        })
      }),
    refuseBroken() {
      if (broken !== undefined) throw broken
    },
    close: () => closeSync(descriptor),
  }
}

// A checkpoint holds everybody up, the longer the more pages it has: 12 to 15 ms at 4000 pages, which under reads is once a
// second, and 1.6 ms at 400 (1.6 MB). So it is made at the end of a turn that only reads, while it is short. Where every turn
// changes something, hundreds of pages each, rarer ones save a tenth of the time: a page that changed often is written once.
const checkpointPages = { reading: 400, changing: 4000 }

// Never wait inside SQLite: it would hold the event loop. A busy file is tried again from outside.
const open = (file: string): DatabaseSync => guard(() => new DatabaseSync(file, { timeout: 0 }))

const busyForMs = 5_000
/** Begins a transaction; while another process holds the file, tries again for some seconds. */
async function begun(writer: DatabaseSync, meanwhile: () => void): Promise<void> {
  const since = performance.now()
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    try {
      return void prepared(writer, 'begin', 'begin immediate').run()
    } catch (error) {
      if (!isBusy(error) || performance.now() - since > busyForMs) throw translated(error)
    }
    meanwhile()
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

/** The head row, or zeros before the first migration has made it. */
function headOf(writer: DatabaseSync): Omit<Head, 'at'> {
  try {
    return prepared(writer, 'head', 'select epoch, sequence from head').get() as Omit<Head, 'at'>
  } catch (error) {
    if (error instanceof Error && error.message.includes('no such table')) return { epoch: 0, sequence: 0 }
    throw translated(error)
  }
}

/**
 * One snapshot serves all reads until the next turn commits. Nobody else writes the file, so it is never out of date, and
 * a read within one costs 3.5 µs instead of 6: no locks to take and to give back. It ends before the commit, or a
 * checkpoint could not pass it and the journal would grow.
 */
function beginSnapshot(reader: DatabaseSync): void {
  if (!reader.isTransaction) prepared(reader, 'begin', 'begin').run()
}
function endSnapshot(reader: DatabaseSync): void {
  if (reader.isTransaction) prepared(reader, 'end', 'commit').run()
}

const caches = new WeakMap<DatabaseSync, Map<string, StatementSync>>()
function prepared(database: DatabaseSync, key: string | undefined, text: string): StatementSync {
  if (key === undefined) return database.prepare(text)
  let cache = caches.get(database)
  if (cache === undefined) {
    cache = new Map()
    caches.set(database, cache)
  }
  let statement = cache.get(key)
  if (statement === undefined) {
    statement = database.prepare(text)
    cache.set(key, statement)
  }
  return statement
}

function sqlOver(database: DatabaseSync, first?: (database: DatabaseSync) => void): Sql {
  const givesRows = new WeakMap<StatementSync, boolean>()
  return {
    engine: 'sqlite',
    async run(text, values, key) {
      return guard(() => {
        first?.(database)
        const made = prepared(database, key, text)
        let gives = givesRows.get(made)
        if (gives === undefined) {
          gives = made.columns().length > 0
          givesRows.set(made, gives)
        }
        if (gives) {
          const rows = made.all(...(values as Value[]))
          return { rows, changes: rows.length }
        }
        return { rows: [], changes: Number(made.run(...(values as Value[])).changes) }
      })
    },
  }
}

// Primary result codes of SQLite (sqlite3.h) that say the store can't serve now, whatever was asked.
const unavailable = new Map([
  [5, 'the database file is locked by another process'],
  [6, 'a table of the database is locked'],
  [8, 'the database file is read-only'],
  [10, 'the disk failed'],
  [11, 'the database file is damaged'],
  [13, 'the disk is full'],
  [14, 'the database file cannot be opened'],
  [26, 'the file is not a database'],
])

const resultCode = (error: unknown): number =>
  error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
const isBusy = (error: unknown): boolean => resultCode(error) === 5

function translated(error: unknown): unknown {
  const why = unavailable.get(resultCode(error))
  return why === undefined
    ? error
    : new Fault('unavailable', `The store can't serve now: ${why}.`, {}, { cause: error })
}

function guard<T>(deed: () => T): T {
  try {
    return deed()
  } catch (error) {
    throw translated(error)
  }
}

/** Holds the file for this process: two servers on one file would each believe their caches. The lock dies with us. */
function lockFile(lockName: string, file: string): DatabaseSync {
  const lock = open(lockName)
  try {
    lock.exec('pragma journal_mode = delete; begin exclusive')
    return lock
  } catch (error) {
    lock.close()
    if (!isBusy(error)) throw translated(error)
    throw new Error(`${file} is in use by another Cardea. Stop that one, or start this one with another --data.`, {
      cause: error,
    })
  }
}

/** SQLite notices a missing end only when it reads there; we want to know before the first write (file format 1.3.7). */
function refuseTruncated(file: string): void {
  if (!existsSync(file) || statSync(file).size === 0) return
  if (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0) return
  const header = Buffer.alloc(100)
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, header, 0, 100, 0)
  } finally {
    closeSync(descriptor)
  }
  if (header.toString('latin1', 0, 15) !== 'SQLite format 3') {
    throw new Error(`${file} is not a Cardea database. Move it away, or restore it from a backup.`)
  }
  const page = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16)
  const wanted = page * header.readUInt32BE(28)
  const { size } = statSync(file)
  if (size < wanted) {
    throw new Error(`${file} is truncated: ${size} of ${wanted} bytes are there. Restore it from a backup.`)
  }
}
