import type { Clock, Instant } from '#base/clock.ts'
import type { Database } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { type Allowed, type Claimed, claim, slotMsOf } from '#core/quotas/quotas.ts'
import type { Spender } from './quota.ts'

/** What a node has claimed of one vault or store, and what it knows of the rest. */
type Held = {
  slot: number
  left: number
  until: Instant
  /** How many the last claim brought. */
  size: number
  /** Until when nobody is asked again, since nothing was left; and when there will be something. */
  refusedUntil: Instant
  retryAt: Instant
  waiting: number
  asking: Promise<void> | undefined
}

const nothing = (): Held => ({
  ...{ slot: 0, left: 0, until: 0, size: 0, refusedUntil: 0, retryAt: 0, waiting: 0, asking: undefined },
})

/**
 * The same as `Quota`, for all nodes of a cluster together: they claim from the database what they let through, few at
 * first, twice as many each time that it was used up within its slot, never more than a quarter of the whole at once. A node
 * that is asked seldom thus holds little, and one that is asked much asks seldom: 4,000 requests are some thirty claims.
 */
export class SharedQuota implements Spender {
  readonly #database: Pick<Database<never>, 'write'>
  readonly #kind: string
  readonly #allowed: Allowed
  readonly #clock: Clock
  readonly #held = new Map<string, Held>()

  /** `kind` keeps apart what is counted apart under the same name. */
  constructor(database: Pick<Database<never>, 'write'>, kind: string, allowed: Allowed, clock: Clock) {
    this.#database = database
    this.#kind = kind
    this.#allowed = allowed
    this.#clock = clock
  }

  spend(name: string, words: string): Promise<void> | undefined {
    let held = this.#held.get(name)
    if (held === undefined) {
      held = nothing()
      this.#held.set(name, held)
    }
    return this.#take(held, words) ? undefined : this.#await(name, held, words)
  }

  charge(name: string, count: number): void {
    const held = this.#held.get(name)
    // Below nothing it is a debt, that the next claim hands on to all nodes.
    if (held !== undefined) held.left -= count
  }

  /** Takes one of what was claimed. Throws `throttled` while it is known that nothing is left; false when nothing is known. */
  #take(held: Held, words: string): boolean {
    const at = this.#clock()
    if (held.left > 0 && at < held.until) {
      held.left -= 1
      return true
    }
    if (at < held.refusedUntil) throw new Fault('throttled', words, { retryMs: String(held.retryAt - at) })
    return false
  }

  async #await(name: string, held: Held, words: string): Promise<void> {
    held.waiting += 1
    try {
      do {
        held.asking ??= this.#claim(name, held).finally(() => {
          held.asking = undefined
        })
        await held.asking
      } while (!this.#take(held, words))
    } finally {
      held.waiting -= 1
    }
  }

  async #claim(name: string, held: Held): Promise<void> {
    // From before it was claimed: no node lets through in one slot what it claimed in another.
    const at = this.#clock()
    const { left, slot, size } = held
    const used = left <= 0 ? size * 2 : size - left
    const wanted = Math.min(Math.max(1, used, held.waiting), Math.max(1, Math.ceil(this.#allowed.max / 4)))
    const back = left === 0 ? undefined : { slot, count: left }
    held.left = 0
    const given: Claimed = await this.#database.write((turn) =>
      claim(turn, `${this.#kind}:${name}`, this.#allowed, { wanted, back }),
    )
    if (given.count === 0) {
      held.retryAt = at + given.forMs
      held.refusedUntil = Math.min(held.retryAt, at + slotMsOf(this.#allowed))
      held.size = 0
      return
    }
    held.slot = given.slot
    held.left = given.count
    held.size = given.count
    held.until = at + given.forMs
  }
}
