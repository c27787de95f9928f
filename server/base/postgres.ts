import pg from 'pg'
import type { Clock } from './clock.ts'
import { Committer, type Connection, type Head, Watchers } from './committer.ts'
import type { Database, Ledger } from './database.ts'
import { Fault } from './fault.ts'
import type { Log } from './log.ts'
import type { TurnMeter } from './metrics.ts'
import type { Sql, Value } from './sql.ts'

/**
 * The cluster engine: PostgreSQL 15 or later, any number of equal nodes. Turns that change something take the head row
 * for update, so they follow each other on all nodes as they do on SQLite's one writer; the journal's numbers are then
 * in commit order and without gaps, but for a leap after a failover that lost some. Turns that only witness reads run
 * beside them on a connection of their own. `NOTIFY` only wakes; the head decides.
 */
const readersMax = 10

// A node that hangs must not hold the head for the others; an answer later than this would find its client gone.
const limits =
  '-c statement_timeout=10000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=15000 -c synchronous_commit=on'

/**
 * How long this end waits for an answer: longer than the server lets a statement run, since a host that vanished says
 * nothing, and TCP would wait for it for a quarter of an hour.
 */
const answerMs = 12_000
const connectMs = 5_000

const configFor = (url: string): pg.ClientConfig => ({
  connectionString: url,
  application_name: 'cardea',
  connectionTimeoutMillis: connectMs,
  keepAlive: true,
  types: {
    getTypeParser: (id: number, format?: 'text' | 'binary') =>
      id === 20 ? Number : pg.types.getTypeParser(id, format as 'text'),
  } as never,
})

type Around<Entry> = {
  readonly clock?: Clock
  readonly ledger: Ledger<Entry>
  readonly log: Log
  readonly meter?: TurnMeter
  /** How long to wait for an answer, where it isn't as in production: for tests. */
  readonly patienceMs?: number
}

/**
 * Opens the database of a cluster. It needn't be there yet, and may go: whatever is asked meanwhile is refused as
 * `unavailable` after some seconds, and the first turn after its return goes on.
 */
export async function openPostgres<Entry extends { at: number }>(
  url: string,
  { clock, ledger, log, meter, patienceMs = answerMs }: Around<Entry>,
): Promise<Database<Entry>> {
  const config: pg.ClientConfig = {
    ...configFor(url),
    options: limits,
    query_timeout: patienceMs,
    connectionTimeoutMillis: Math.min(connectMs, patienceMs),
  }
  const readers = new pg.Pool({ ...config, max: readersMax })
  readers.on('error', (error) => log.warn({ error }, 'an idle database connection was lost'))
  const watchers = new Watchers()
  const seen: Numbers = { epoch: 0, sequence: 0 }
  const see = ({ epoch, sequence }: Numbers, stirred = false) => {
    if (!stirred && epoch <= seen.epoch && sequence <= seen.sequence) return
    seen.epoch = Math.max(seen.epoch, epoch)
    seen.sequence = Math.max(seen.sequence, sequence)
    watchers.tell()
  }
  const writing = turnConnection(config, clock, log, seen)
  const witnessing = turnConnection(config, clock, log, seen)
  const writes = new Committer<Entry>(writing, ledger, see, meter)
  const witnesses = new Committer<Entry>(witnessing, ledger, see, meter)
  const read = sqlOver(() => readers)
  const ears = listen(config, log, patienceMs, async () => {
    const { rows } = await read.run('select epoch, sequence from head', [])
    see(rows[0] as Numbers, true)
  })
  return {
    engine: 'postgres',
    read,
    get epoch() {
      return seen.epoch
    },
    get sequence() {
      return seen.sequence
    },
    write: (work, entryOf) => writes.write(work, entryOf),
    witness: (entry, epoch) => witnesses.witness(entry, epoch),
    onCommit: (listener) => watchers.add(listener),
    check: () => writes.check(read),
    async [Symbol.asyncDispose]() {
      await Promise.all([writes.close(), witnesses.close()])
      await Promise.all([writing.close(), witnessing.close(), ears.close(), readers.end()])
    },
  }
}

/** Looks at a database without changing it, as one state, also while servers work on it. */
export async function lookIntoPostgres(url: string): Promise<AsyncDisposable & { readonly sql: Sql }> {
  const client = new pg.Client(configFor(url))
  await guard(() => client.connect())
  await client.query('begin isolation level repeatable read read only')
  return { sql: sqlOver(() => client), [Symbol.asyncDispose]: () => client.end() }
}

/** What of the head is compared: it only grows. */
type Numbers = { epoch: number; sequence: number }
type TurnConnection = Connection & { close(): Promise<void> }

/** A connection that holds turns. Lost, it is opened anew by the next turn. */
function turnConnection(
  config: pg.ClientConfig,
  clock: Clock | undefined,
  log: Log,
  seen: Readonly<Numbers>,
): TurnConnection {
  let client: pg.Client | undefined
  const connected = async (): Promise<pg.Client> => {
    if (client !== undefined) return client
    const fresh = new pg.Client(config)
    fresh.on('error', (error) => {
      log.warn({ error }, 'the database connection was lost')
      if (client === fresh) client = undefined
    })
    await guard(() => fresh.connect())
    client = fresh
    return fresh
  }
  const drop = async () => {
    const lost = client
    client = undefined
    await lost?.end().catch(() => {})
  }
  const current = (): pg.Client => {
    if (client === undefined) throw new Fault('unavailable', 'The database connection was lost.')
    return client
  }
  let last: Promise<unknown> = Promise.resolve()
  /**
   * Asks one thing after the other, however many a turn asks at once: a connection answers no two at a time. One that has not
   * answered in time is let go at once, since what is asked next would wait behind it.
   */
  const asking = <T>(ask: () => Promise<T>): Promise<T> => {
    const answer = last
      .then(() => guard(ask))
      .catch(async (error: unknown) => {
        if (isSilence(error)) await drop()
        throw error
      })
    last = answer.catch(() => {})
    return answer
  }
  const exec = (text: string) => asking(() => current().query(text))
  return {
    sql: sqlOver(current, asking),
    async begin(exclusive, meanwhile) {
      meanwhile()
      const open = await connected()
      const before = { ...seen }
      const results = (await guard(() => open.query(`begin; ${headQuery(exclusive)}`)).catch(async (error) => {
        // Before the first migration there is no head.
        if ((error as { code?: string }).code !== '42P01') throw error
        return open.query(`rollback; begin; select 0 as epoch, 0 as sequence, ${now} as at`)
      })) as unknown as pg.QueryResult[]
      let head = results.at(-1)?.rows[0] as Head
      if (head.epoch < before.epoch || head.sequence < before.sequence) {
        log.warn({ seen: before, found: head }, 'the database lost its last changes: its numbers leap beyond them')
        head = await leapt(open, before)
      }
      return { epoch: head.epoch, sequence: head.sequence, at: clock?.() ?? head.at }
    },
    async savepoint() {
      await exec('savepoint work')
    },
    async release() {
      await exec('release savepoint work')
    },
    async rollbackToSavepoint() {
      await exec('rollback to savepoint work; release savepoint work')
    },
    async commit(head, stirred) {
      const move = head === undefined ? '' : `update head set epoch = ${head.epoch}, sequence = ${head.sequence};`
      const tell = head !== undefined || stirred ? `select pg_notify('cardea', '');` : ''
      const results = (await exec(`${move} ${tell} commit`)) as unknown as pg.QueryResult | pg.QueryResult[]
      const last = Array.isArray(results) ? results.at(-1) : results
      // A transaction that has failed answers COMMIT with ROLLBACK, and no error.
      if (last?.command !== 'COMMIT') throw new Fault('unavailable', 'The database did not commit.')
    },
    async rollback() {
      // What state the session is in is unknown after a failure: a fresh one is certain.
      await drop()
    },
    soon: setImmediate,
    close: drop,
  }
}

/** Further than one node has ever been ahead of what another has seen. */
const leap = 1_000

/**
 * A head behind what was seen is that of a database which lost its tail in a failover, or was restored from a copy. The
 * numbers of what was lost would come again with another meaning; so the head leaps beyond them, on whichever node finds
 * it first: no memory takes the new for the old, and no follower of the journal misses a change.
 */
async function leapt(client: pg.Client, { epoch, sequence }: Numbers): Promise<Head> {
  const results = (await guard(() =>
    client.query(
      `update head set epoch = greatest(epoch, ${epoch}) + ${leap}, sequence = greatest(sequence, ${sequence}) + ${leap}
         where epoch < ${epoch} or sequence < ${sequence};
       select pg_notify('cardea', ''); ${headQuery(false)}`,
    ),
  )) as unknown as pg.QueryResult[]
  return results.at(-1)?.rows[0] as Head
}

const now = '(extract(epoch from clock_timestamp()) * 1000)::bigint'
const headQuery = (exclusive: boolean) =>
  `select epoch, sequence, ${now} as at from head${exclusive ? ' for update' : ''}`

function sqlOver(client: () => pg.Client | pg.Pool, asking = guard): Sql {
  return {
    engine: 'postgres',
    async run(text, values, key) {
      const named = key === undefined ? { text } : { name: key, text }
      const result = await asking(() => client().query({ ...named, values: values as Value[] }))
      return { rows: result.rows, changes: result.rowCount ?? 0 }
    },
  }
}

/**
 * Hears of other nodes' turns. A deaf moment is made good by looking once after each reconnection. Who only listens notices nothing
 * of a host that vanished, and so asks now and then whether anybody is there.
 */
function listen(
  config: pg.ClientConfig,
  log: Log,
  everyMs: number,
  look: () => Promise<void>,
): { close(): Promise<void> } {
  let closed = false
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let looking = false
  let heard = false
  // Of many notices that come while one look is under way, one more look makes good.
  const hear = async () => {
    heard = true
    if (looking) return
    looking = true
    while (heard) {
      heard = false
      await look().catch((error) => log.debug({ error }, 'could not look at the head'))
    }
    looking = false
  }
  const again = () => {
    if (!closed) timer = setTimeout(() => void connect(), 500)
  }
  const connect = async () => {
    const fresh = new pg.Client(config)
    client = fresh
    fresh.on('error', () => {})
    let asking: NodeJS.Timeout | undefined
    const lost = (error: unknown) => {
      log.debug({ error }, 'the database connection that listens was lost')
      return fresh.end()
    }
    const askSoon = () => {
      asking = setTimeout(() => void fresh.query('select').then(askSoon, lost), everyMs)
    }
    fresh.on('end', () => {
      clearTimeout(asking)
      again()
    })
    fresh.on('notification', () => void hear())
    try {
      await fresh.connect()
      await fresh.query('listen cardea')
      askSoon()
      void hear()
    } catch (error) {
      log.debug({ error }, 'cannot listen to the database yet')
      await fresh.end().catch(() => {})
    }
  }
  void connect()
  return {
    async close() {
      closed = true
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}

const connectionFailures = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])
// SQLSTATE classes 08 (connection), 53 (resources), 57 (operator), 58 (system), and the single codes that say "not now".
const unavailable = (code: string | undefined, message: string): boolean =>
  code === undefined
    ? /connection|terminated|timeout/i.test(message)
    : connectionFailures.has(code) ||
      /^(08|53|57|58)/.test(code) ||
      ['25006', '25P03', '55P03', '40001', '40P01'].includes(code)

/** What a client says when an answer is later than `query_timeout`; it has no code for it. */
const silence = 'Query read timeout'
const isSilence = (error: unknown): boolean =>
  error instanceof Fault && error.cause instanceof Error && error.cause.message === silence

async function guard<T>(deed: () => Promise<T>): Promise<T> {
  try {
    return await deed()
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (error instanceof Fault || !unavailable(code, message ?? '')) throw error
    throw new Fault('unavailable', "The store can't serve now: its database does not answer.", {}, { cause: error })
  }
}
