import type { Database } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Log } from '#base/log.ts'
import { headEpoch } from './event-rows.ts'
import { changesIn, type KeptChange } from './events.ts'

/**
 * The change journal of a vault or store, read once for all who follow it. After each commit the new changes are read
 * into a short memory; whoever has fallen further behind than that reads the journal by itself. Followers pull, each at
 * its own pace, so nothing is ever queued for a slow one.
 */
export class Feeds {
  readonly #database: Database<never>
  readonly #log: Log
  readonly #feeds = new Map<string, Feed>()
  readonly #streams = new Map<string, number>()
  readonly #stop: () => void

  constructor(database: Database<never>, log: Log) {
    this.#database = database
    this.#log = log
    this.#stop = database.onCommit(() => {
      for (const feed of this.#feeds.values()) void feed.look()
    })
  }

  /** Joins the feed of a scope. `moved` is called whenever there may be more, or access has changed. */
  join(scope: string, moved: () => void): Follower {
    let feed = this.#feeds.get(scope)
    if (feed === undefined) {
      feed = new Feed(this.#database, this.#log, scope)
      this.#feeds.set(scope, feed)
    }
    const joined = feed
    const leave = joined.add(moved)
    return {
      after: (sequence) => joined.after(sequence),
      leave: () => {
        if (leave() === 0 && this.#feeds.get(scope) === joined) this.#feeds.delete(scope)
      },
    }
  }

  /** Counts a stream of somebody while it is open; what is returned ends it. */
  opened(who: string): () => void {
    this.#streams.set(who, (this.#streams.get(who) ?? 0) + 1)
    let isOpen = true
    return () => {
      if (!isOpen) return
      isOpen = false
      const left = (this.#streams.get(who) ?? 1) - 1
      if (left > 0) this.#streams.set(who, left)
      else this.#streams.delete(who)
    }
  }

  /** Each open stream takes memory and is looked at after each commit: nobody has more of them than their programs need. */
  refuseCrowd(who: string): void {
    if ((this.#streams.get(who) ?? 0) < streamsMax) return
    const words = `There are ${streamsMax} open change streams of this identity, which is the most.`
    throw new Fault('throttled', words, { retryMs: '30000' })
  }

  close(): void {
    this.#stop()
    this.#feeds.clear()
  }
}

export type Follower = {
  /** Changes after a sequence number, oldest first, and whether there are none beyond them by now. */
  after(sequence: number): Promise<Piece> | Piece
  leave(): void
}
export type Piece = {
  readonly changes: readonly KeptChange[]
  /** There was nothing beyond them. */
  readonly whole: boolean
  readonly upTo: number
  /** At least the epoch at which the last of them was committed: who follows needs a permission as fresh as that. */
  readonly epoch: number
}

/** Open at once, for one identity at one node. */
const streamsMax = 1_000
const memoryMax = 2_000
const pageMax = 500

class Feed {
  readonly #database: Database<never>
  readonly #log: Log
  readonly #scope: string
  readonly #followers = new Set<() => void>()
  /** The changes after `#floor` up to `#upTo`, in order. */
  #memory: KeptChange[] = []
  #floor: number
  #upTo: number
  #epoch: number
  #looking = false
  #again = false

  constructor(database: Database<never>, log: Log, scope: string) {
    this.#database = database
    this.#log = log
    this.#scope = scope
    this.#floor = database.sequence
    this.#upTo = database.sequence
    this.#epoch = database.epoch
  }

  add(moved: () => void): () => number {
    this.#followers.add(moved)
    return () => {
      this.#followers.delete(moved)
      return this.#followers.size
    }
  }

  /** Reads what is new, and tells the followers; one read at a time, however many commits there are. */
  async look(): Promise<void> {
    this.#again = true
    if (this.#looking) return
    this.#looking = true
    try {
      while (this.#again) {
        this.#again = false
        await this.#read()
        for (const moved of this.#followers) moved()
      }
    } catch (error) {
      // Where the store can't be read now, the next commit, or the next heartbeat of a follower, looks again.
      if (error instanceof Fault && error.code === 'unavailable') return
      this.#log.error({ error }, 'followers could not be told of changes')
    } finally {
      this.#looking = false
    }
  }

  async #read(): Promise<void> {
    // Taken before the reading: what is read then includes at least this.
    const { sequence } = this.#database
    const fresh: KeptChange[] = []
    let upTo = this.#upTo
    while (upTo < sequence) {
      const page = await changesIn(this.#database.read, this.#scope, upTo, pageMax)
      fresh.push(...page)
      upTo = page.length < pageMax ? Math.max(sequence, page.at(-1)?.told.sequence ?? 0) : last(page)
    }
    const epoch = await this.#epochNow()
    // Nothing is awaited from here on: nobody ever meets a change beside an epoch from before it.
    this.#memory.push(...fresh)
    this.#upTo = upTo
    this.#epoch = epoch
    const surplus = this.#memory.length - memoryMax
    if (surplus > 0) this.#floor = last(this.#memory.splice(0, surplus))
  }

  after(sequence: number): Promise<Piece> | Piece {
    if (sequence < this.#floor) return this.#journal(sequence)
    const from = this.#memory.findIndex(({ told }) => told.sequence > sequence)
    const changes = from < 0 ? [] : this.#memory.slice(from, from + pageMax)
    const whole = from < 0 || from + pageMax >= this.#memory.length
    return { changes, whole, upTo: whole ? Math.max(sequence, this.#upTo) : last(changes), epoch: this.#epoch }
  }

  async #journal(sequence: number): Promise<Piece> {
    const floor = this.#floor
    const changes = await changesIn(this.#database.read, this.#scope, sequence, pageMax)
    // The journal may have more than was in memory when this was asked, and what is told from it isn't told from there again.
    const told = changes.at(-1)?.told.sequence ?? sequence
    const upTo = changes.length < pageMax ? Math.max(told, floor) : told
    return { changes, whole: false, upTo, epoch: await this.#epochNow() }
  }

  /** On several nodes a notice of a revocation may come later than the change that it forbids to tell of. */
  async #epochNow(): Promise<number> {
    const { engine, read, epoch } = this.#database
    return engine === 'sqlite' ? epoch : Math.max(epoch, await headEpoch(read))
  }
}

const last = (changes: readonly KeptChange[]): number => (changes.at(-1) as KeptChange).told.sequence
