import type { Instant } from './clock.ts'
import type { Sql } from './sql.ts'

/**
 * One database holds everything, and its writer works in **turns**: a turn is one transaction that carries whatever
 * asked to be written while the last one ran, each in a savepoint of its own, so that many share one fsync and none can
 * spoil another's. What was answered was committed.
 *
 * `epoch` counts changes of who may do what. A reader decides with what it has in memory, names the epoch that this
 * was true at, and is refused as stale when the turn that would witness its reading finds another: so a revocation
 * holds from the moment it was answered, on every node (promise P6).
 */
export interface Database<Entry> extends AsyncDisposable {
  readonly engine: Sql['engine']
  /** What is committed. */
  readonly read: Sql
  /** The epoch last seen. */
  readonly epoch: number
  /** The change journal's sequence number last seen. */
  readonly sequence: number
  /** Does `work` in the next turn; resolves when it is durable. A work that throws leaves nothing but its entry. */
  write<T>(work: (turn: Turn) => Promise<T>, entryOf?: EntryOf<Entry, T>): Promise<T>
  /** Makes an entry durable; rejects with `StaleEpoch` when the epoch is no longer the one named, if one is. */
  witness(entry: Omit<Entry, 'at'>, epoch: number | undefined): Promise<void>
  /** Calls back after each turn that moved the journal or the epoch, or stirred, here or on another node. */
  onCommit(listener: () => void): () => void
  /** Throws unless something can be written and read. */
  check(): Promise<void>
}

/** What a work leaves in the journal of deeds, whether it succeeded or not. */
export type EntryOf<Entry, T> = (at: Instant, outcome: { done: T } | { failed: unknown }) => readonly Entry[]

export interface Turn {
  readonly sql: Sql
  /** The database's own time: nodes need not agree. */
  readonly at: Instant
  /** The epoch inside this turn; moves with `changeAccess`. */
  readonly epoch: number
  /** True once this turn has changed access: then nothing read in it may enter a shared cache. */
  readonly accessChanged: boolean
  changeAccess(): void
  /** The next sequence number of the change journal. */
  nextSequence(): number
  /** Wakes whoever waits for commits, though neither journal nor epoch moves: there is work to look at. */
  stir(): void
}

/** Access has changed since a reading was decided: it is to be decided anew. */
export class StaleEpoch extends Error {
  constructor() {
    super('Access changed while this was decided')
    this.name = 'StaleEpoch'
  }
}

/** Keeps entries at the end of a turn, all at once; what it returns is called when they are durable. */
export type Ledger<Entry> = (sql: Sql, entries: readonly Entry[]) => Promise<() => void>
