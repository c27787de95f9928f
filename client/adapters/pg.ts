import type { Configuration } from '../configuration.ts'
import { atMost, span } from '../pace.ts'

/** What is asked of a pool; `pg`'s `Pool` has it. The shape is written here so that `pg` is no dependency. */
export type Pool = {
  connect(): Promise<Client>
  query(text: string): Promise<unknown>
  end(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): unknown
}
export type Client = { query(...given: never[]): unknown; release(broken?: boolean | Error): void }

/** A pool that is always the one for the current connection string. */
export type LivePool<P extends Pool> = AsyncDisposable & {
  /** As the pool's own, in its form with a promise. */
  readonly query: P['query']
  /** As the pool's own, in its form with a promise. A client stays with its pool until it is released. */
  readonly connect: P['connect']
  readonly current: P
  /** The secret's version that `current` logs in with. */
  readonly version: string | undefined
  /** Done when the switch that is under way, if any, has been tried. */
  settled(): Promise<void>
  /** Ends the pool when its clients are back, and follows no longer. */
  close(): Promise<void>
}
export type LivePoolOptions = {
  /** How long a new pool may take to prove that it works. Default 10 s. */
  readonly proofDeadlineMs?: number
  /** How long an old pool's clients may stay out until that is told to `onError`. Default 30 s. */
  readonly drainDeadlineMs?: number
  /** How long a refused login waits for a new value, when a refresh brought none. Default 1 s. */
  readonly loginPatienceMs?: number
}
/** A pool with the connections that are on their way to its callers. */
type Lease<P> = { readonly pool: P; readonly connecting: Set<Promise<unknown>> }

/**
 * A `pg` pool that follows a key with a connection string. A new value makes a new pool, which must answer `select 1`
 * before it takes over; the old one ends when its last client is back. A login that the database refuses looks for a
 * newer value once, and tries again with it: so the moment between a new password in the database and its publication is
 * a wait, not an error.
 */
export async function livePool<P extends Pool>(
  configuration: Pick<Configuration, 'use' | 'refresh' | 'watch'>,
  key: string,
  open: (connectionString: string) => P,
  { proofDeadlineMs = 10_000, drainDeadlineMs = 30_000, loginPatienceMs = 1_000 }: LivePoolOptions = {},
): Promise<LivePool<P>> {
  for (const [name, ms] of Object.entries({ proofDeadlineMs, drainDeadlineMs, loginPatienceMs })) span(name, ms, 0)
  const live = await configuration.use<Lease<P>>(key, {
    async prepare(connectionString) {
      const pool = open(connectionString)
      // A resting connection that breaks (the database restarts, an old session is ended) is the pool's to replace.
      pool.on('error', () => {})
      try {
        if (!(await atMost(proofDeadlineMs, pool.query('select 1')))) throw new Error('select 1 got no answer in time')
      } catch (error) {
        pool.end().catch(() => {})
        throw error
      }
      return { pool, connecting: new Set() }
    },
    async drain({ pool, connecting }) {
      const ended = async () => {
        // `end()` forgets those who still wait for a client: they would wait for ever.
        while (connecting.size > 0) await Promise.allSettled(connecting)
        await pool.end()
      }
      if (!(await atMost(drainDeadlineMs, ended()))) throw new Error('clients of the old pool are still out')
    },
  })
  let looking: Promise<void> | undefined

  async function lookForNewer(refused: Lease<P>): Promise<void> {
    let tell = () => {}
    const changed = new Promise<void>((resolve) => {
      tell = resolve
    })
    const stop = configuration.watch(key, tell)
    try {
      await configuration.refresh(key).catch(() => {})
      await live.settled()
      if (live.current === refused) await atMost(loginPatienceMs, changed)
      await live.settled()
    } finally {
      stop()
    }
  }

  async function connect(): Promise<Client> {
    const lease = live.current
    try {
      return await lent(lease)
    } catch (error) {
      if (!loginRefused(error)) throw error
      looking ??= lookForNewer(lease).finally(() => {
        looking = undefined
      })
      await looking
      if (live.current === lease) throw error
      return lent(live.current)
    }
  }

  /** Through a client, so that only the login is ever tried twice, never a statement. */
  async function query(...given: never[]): Promise<unknown> {
    const client = await connect()
    try {
      const result = await client.query(...given)
      client.release()
      return result
    } catch (error) {
      client.release(error as Error)
      throw error
    }
  }

  return {
    query: query as P['query'],
    connect: connect as P['connect'],
    get current() {
      return live.current.pool
    },
    get version() {
      return live.version
    },
    settled: () => live.settled(),
    close: () => live.close(),
    [Symbol.asyncDispose]: () => live.close(),
  }
}

function lent<P extends Pool>({ pool, connecting }: Lease<P>): Promise<Client> {
  const client = pool.connect()
  const done = client.finally(() => connecting.delete(done))
  connecting.add(done)
  return done
}

/** 28P01: the password is wrong; 28000: the role may not log in (PostgreSQL, Appendix A). */
const loginRefused = (error: unknown): boolean =>
  ['28P01', '28000'].includes((error as { code?: string } | null)?.code ?? '')
