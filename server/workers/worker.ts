import type { Instant } from '#base/clock.ts'
import type { Database } from '#base/database.ts'
import type { Log } from '#base/log.ts'
import { DueBoard } from '#core/schedule/due-board.ts'
import { claimDue, FencedOut, type Lease, settle } from '#core/schedule/schedule.ts'

/**
 * The one loop of all workers: sleep until something is committed or due, claim what is due, work on some of it at once,
 * sleep again. The rows decide what there is to do; a signal only makes it look sooner. It never dies and never spins:
 * what goes wrong is counted, said once, and waited for.
 */
export type Work = {
  readonly name: string
  readonly kind: string
  readonly concurrency: number
  readonly leaseMs: number
  /** For how long a piece of work is left alone that has failed so often before, where that isn't the usual time. */
  readonly pauseAfter?: (attempt: number) => number
  /** Works under a lease, and gives it back. */
  run(lease: Lease, closing: AbortSignal): Promise<void>
}

export type Around<Entry> = {
  readonly database: Database<Entry>
  readonly clock: () => Instant
  readonly log: Log
  /** By what name this process claims. */
  readonly owner: string
  /** Shared by the workers of a node; a worker by itself has its own. */
  readonly board?: DueBoard
}

export type Worker = { close(): Promise<void> }

/** A node looks at least so often, in case nobody told it. */
const lookMsMax = 60_000
/** Commits may come by the thousand; whether one of them made something due is looked at so often at most. */
const gapMs = 20
const pauseFirstMs = 500
const pauseMsMax = 30_000

/** Has a node do a kind of work until it is closed, which waits for what has begun. */
export function startWorker<Entry>(
  work: Work,
  { database, clock, log, owner, board = new DueBoard(database.read) }: Around<Entry>,
): Worker {
  const closing = new AbortController()
  const alarm = new Alarm()
  const running = new Set<Promise<void>>()
  const stopListening = database.onCommit(() => alarm.ring())
  let failures = 0

  async function workOn(lease: Lease): Promise<void> {
    try {
      await work.run(lease, closing.signal)
    } catch (error) {
      if (error instanceof FencedOut) {
        log.debug({ worker: work.name, subject: lease.subject }, 'somebody else has taken over')
        return
      }
      const attempt = lease.attempt + 1
      const pauseMs = work.pauseAfter?.(lease.attempt) ?? shortPauseMs(attempt)
      log.error({ error, worker: work.name, subject: lease.subject, attempt, pauseMs }, 'a piece of work failed')
      // Given back to be tried again. If that fails too, the lease runs out by itself.
      await database
        .write((turn) => settle(turn, lease, turn.at + pauseMs, attempt))
        .catch((unable: unknown) =>
          log.debug({ error: unable, subject: lease.subject }, 'a lease could not be given back'),
        )
    }
  }

  async function look(): Promise<number> {
    const free = work.concurrency - running.size
    if (free === 0) return lookMsMax
    const next = await board.next(work.kind)
    const now = clock()
    // A millisecond later than it was due, it is surely due. Nodes that only look in case don't do so all at once.
    const idle = lookMsMax * (0.9 + Math.random() * 0.2)
    if (next === undefined) return idle
    if (next > now) return Math.min(next - now + 1, idle)
    const leases = await claimDue(database, owner, [work.kind], free, work.leaseMs)
    for (const lease of leases) {
      const done = workOn(lease).finally(() => {
        running.delete(done)
        alarm.ring()
      })
      running.add(done)
    }
    // Another node was quicker, or this one's clock is ahead of the database's.
    return leases.length > 0 ? 0 : gapMs
  }

  async function loop(): Promise<void> {
    while (!closing.signal.aborted) {
      let ms: number
      try {
        ms = await look()
        failures = 0
      } catch (error) {
        failures += 1
        ms = shortPauseMs(failures)
        if (failures === 1 || failures % 100 === 0)
          log.warn({ error, worker: work.name, failures }, 'a worker can’t look')
        else log.debug({ error, worker: work.name, failures }, 'a worker still can’t look')
        await alarm.rest(ms)
        continue
      }
      if (ms === 0) continue
      await alarm.rest(Math.min(ms, gapMs))
      if (ms > gapMs) await alarm.sleep(ms - gapMs)
    }
  }

  const looping = loop()
  return {
    async close() {
      closing.abort()
      stopListening()
      alarm.stop()
      await looping
      await Promise.all(running)
    },
  }
}

const shortPauseMs = (failures: number): number =>
  Math.min(pauseMsMax, pauseFirstMs * 2 ** Math.min(failures - 1, 20)) * (0.5 + Math.random() / 2)

/** Sleep that can be cut short. A ring while nobody sleeps is kept for the next sleep, so none is missed. */
export class Alarm {
  #rung = false
  #stopped = false
  #wake: (() => void) | undefined

  ring(): void {
    this.#rung = true
    this.#wake?.()
  }

  stop(): void {
    this.#stopped = true
    this.#wake?.()
  }

  async sleep(ms: number): Promise<void> {
    if (!this.#rung) await this.rest(ms, () => this.#rung)
    this.#rung = false
  }

  /** Sleeps through rings unless `enough` says so; only `stop` wakes always. */
  async rest(ms: number, enough: () => boolean = () => false): Promise<void> {
    if (this.#stopped) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        if (!this.#stopped && !enough()) return
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }
}
