import type { Instant } from './clock.ts'
import { type EntryOf, type Ledger, StaleEpoch, type Turn } from './database.ts'
import { Fault } from './fault.ts'
import type { TurnMeter } from './metrics.ts'
import type { Sql } from './sql.ts'

/** One connection that can hold a transaction; the two engines differ in no more than this. */
export interface Connection {
  readonly sql: Sql
  /**
   * Begins a transaction and reads the head; with `exclusive` nobody else on any node may change anything until its end.
   * Calls `meanwhile` when it waits for something outside, here or in the commit: then there is time for other things.
   */
  begin(exclusive: boolean, meanwhile: () => void): Promise<Head>
  savepoint(): Promise<void>
  release(): Promise<void>
  rollbackToSavepoint(): Promise<void>
  /** Writes the head back if it moved, and commits; other nodes hear of a turn that moved or stirred. */
  commit(head: Head | undefined, stirred: boolean, meanwhile: () => void): Promise<void>
  rollback(): Promise<void>
  /** Runs `then` when whatever has arrived by now has been taken in. */
  soon(then: () => void): void
}
export type Head = { readonly epoch: number; readonly sequence: number; readonly at: Instant }

type Work<Entry> = {
  readonly run: (turn: Turn) => Promise<unknown>
  readonly entryOf: EntryOf<Entry, unknown> | undefined
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}
type Witness<Entry> = {
  readonly entry: Omit<Entry, 'at'>
  readonly epoch: number | undefined
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** More than this in one turn would keep the first waiting for the last. */
const turnMax = 1024

/** So long at most what is done already waits for the works of the next turn, but for one that takes longer by itself. */
const patienceMs = 2

const flipped = 'update head set epoch = -epoch'

/**
 * Shares commits. A turn begins at once when none is running, and takes all that has gathered while the last one ran;
 * nothing ever waits on a timer. Where others wait already, a turn's answers are given while the next one is on its way to
 * the disk: giving them takes longer than writing, and the disk needn't wait for it.
 */
export class Committer<Entry extends { at: Instant }> {
  readonly #connection: Connection
  readonly #ledger: Ledger<Entry>
  readonly #moved: (head: Head, stirred: boolean) => void
  readonly #meter: TurnMeter | undefined
  #works: Work<Entry>[] = []
  #witnesses: Witness<Entry>[] = []
  /** What is durable, and not answered yet. */
  #answers: (() => void)[] = []
  #running = false
  #closing: (() => void) | undefined
  #closed = false

  constructor(
    connection: Connection,
    ledger: Ledger<Entry>,
    moved: (head: Head, stirred: boolean) => void,
    meter: TurnMeter | undefined,
  ) {
    this.#connection = connection
    this.#ledger = ledger
    this.#moved = moved
    this.#meter = meter
  }

  write<T>(run: (turn: Turn) => Promise<T>, entryOf?: EntryOf<Entry, T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return reject(new Fault('unavailable', 'The service is shutting down.'))
      this.#works.push({
        run,
        entryOf: entryOf as EntryOf<Entry, unknown> | undefined,
        resolve: resolve as (value: unknown) => void,
        reject,
      })
      this.#wake()
    })
  }

  witness(entry: Omit<Entry, 'at'>, epoch: number | undefined): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (this.#closed) return reject(new Fault('unavailable', 'The service is shutting down.'))
      this.#witnesses.push({ entry, epoch, resolve, reject })
      this.#wake()
    })
  }

  /** Throws unless something can be written and read. */
  async check(read: Sql): Promise<void> {
    await this.write(async ({ sql }) => {
      // There and back: to SQLite a value written over itself is no write.
      for (const text of [flipped, flipped]) await sql.run(text, [])
    })
    await read.run('select epoch from head', [])
  }

  /** Finishes what was asked before, and refuses what comes after. */
  async close(): Promise<void> {
    this.#closed = true
    if (!this.#running) return
    await new Promise<void>((resolve) => {
      this.#closing = resolve
    })
  }

  #wake(): void {
    if (this.#running) return
    this.#running = true
    this.#connection.soon(() => void this.#takeTurns())
  }

  async #takeTurns(): Promise<void> {
    await this.#takeTurn(this.#works.splice(0, turnMax), this.#witnesses.splice(0, turnMax))
    if (this.#works.length + this.#witnesses.length > 0) {
      this.#connection.soon(() => void this.#takeTurns())
      return
    }
    this.#answer()
    this.#running = false
    this.#closing?.()
  }

  #answer = (): void => {
    for (const answer of this.#answers.splice(0)) answer()
  }

  async #takeTurn(works: readonly Work<Entry>[], witnesses: readonly Witness<Entry>[]): Promise<void> {
    const answers: (() => void)[] = []
    const entries: Entry[] = []
    const began = performance.now()
    let head: Head
    let turn: OpenTurn
    try {
      head = await this.#connection.begin(works.length > 0, this.#answer)
      turn = new OpenTurn(this.#connection.sql, head)
      // Reads first: they were decided before this turn's changes, so they may be witnessed before them.
      for (const { entry, epoch, resolve, reject } of witnesses) {
        if (epoch !== undefined && epoch !== head.epoch) {
          answers.push(() => reject(new StaleEpoch()))
          continue
        }
        entries.push({ ...entry, at: head.at } as Entry)
        answers.push(resolve)
      }
      for (const work of works) {
        if (performance.now() - began > patienceMs) this.#answer()
        const outcome = await this.#do(work, turn)
        for (const entry of work.entryOf?.(head.at, outcome) ?? []) entries.push(entry)
        answers.push('done' in outcome ? () => work.resolve(outcome.done) : () => work.reject(outcome.failed))
      }
      const kept = entries.length > 0 ? await this.#keep(entries) : undefined
      await this.#connection.commit(turn.moved ? turn.head : undefined, turn.stirred, this.#answer)
      kept?.()
    } catch (error) {
      this.#answer()
      await this.#connection.rollback().catch(() => {})
      for (const { reject } of [...works, ...witnesses]) reject(error)
      return
    }
    this.#meter?.count(performance.now() - began, works.length + witnesses.length)
    this.#moved(turn.head, turn.stirred)
    this.#answer()
    this.#answers = answers
  }

  /** Without its entries nothing is done and nobody is answered, whatever is the matter with the ledger. */
  async #keep(entries: readonly Entry[]): Promise<() => void> {
    try {
      return await this.#ledger(this.#connection.sql, entries)
    } catch (error) {
      if (isUnavailable(error)) throw error
      throw new Fault('unavailable', "The store can't serve now: its journal can't be written.", {}, { cause: error })
    }
  }

  async #do(work: Work<Entry>, turn: OpenTurn): Promise<{ done: unknown } | { failed: unknown }> {
    const before = turn.mark()
    await this.#connection.savepoint()
    try {
      const done = await work.run(turn)
      await this.#connection.release()
      return { done }
    } catch (failed) {
      // A full disk or a lost connection takes the whole turn with it: then there is no savepoint left to go back to.
      await this.#connection.rollbackToSavepoint().catch((lost: unknown) => {
        throw isUnavailable(failed) ? failed : isUnavailable(lost) ? lost : turnLost(lost)
      })
      turn.backTo(before)
      return { failed }
    }
  }
}

const isUnavailable = (error: unknown): boolean => error instanceof Fault && error.code === 'unavailable'
const turnLost = (cause: unknown): Fault => new Fault('unavailable', 'The transaction was lost.', {}, { cause })

class OpenTurn implements Turn {
  /** An object of its own: what was read through it may yet be rolled back, what is read through the next one may not. */
  readonly sql: Sql
  readonly at: Instant
  readonly #begun: Head
  epoch: number
  #sequence: number
  stirred = false
  constructor(sql: Sql, head: Head) {
    this.sql = { ...sql }
    this.at = head.at
    this.#begun = head
    this.epoch = head.epoch
    this.#sequence = head.sequence
  }
  get accessChanged(): boolean {
    return this.epoch !== this.#begun.epoch
  }
  get head(): Head {
    return { epoch: this.epoch, sequence: this.#sequence, at: this.at }
  }
  get moved(): boolean {
    return this.accessChanged || this.#sequence !== this.#begun.sequence
  }
  changeAccess(): void {
    this.epoch += 1
  }
  nextSequence(): number {
    this.#sequence += 1
    return this.#sequence
  }
  stir(): void {
    this.stirred = true
  }
  mark(): { epoch: number; sequence: number } {
    return { epoch: this.epoch, sequence: this.#sequence }
  }
  backTo({ epoch, sequence }: { epoch: number; sequence: number }): void {
    this.epoch = epoch
    this.#sequence = sequence
  }
}

/** Listeners of a database, told after each turn that moved its head or stirred. */
export class Watchers {
  readonly #listeners = new Set<() => void>()
  add(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
  tell(): void {
    for (const listener of this.#listeners) listener()
  }
}
