import type { Clock, Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'

/** Counts requests of vaults and stores, and refuses those that are too many. */
export interface Spender {
  /**
   * Counts one request of a vault or store that exists. Throws `throttled` with these words, and with the milliseconds
   * after which one more is let through as `retryMs`. Where that takes a wait, it is handed back.
   */
  spend(name: string, words: string): Promise<void> | undefined
  /** Counts so many more of one that was let through, whose weight is known by now; nobody is refused by it, but who comes next. */
  charge(name: string, count: number): void
}

/** Makes a counter of what is counted apart under `kind`. */
export type Spenders = (kind: string, max: number, windowMs: number) => Spender

/**
 * How many requests each vault or store lets through in a window of time that slides: in any stretch of that length,
 * wherever it begins, at most `max`. What is refused doesn't count. Counting costs no allocation and no wait, and is
 * done in this process alone: a cluster's nodes count with `SharedQuota`.
 */
export class Quota implements Spender {
  readonly #max: number
  readonly #windowMs: number
  readonly #clock: Clock
  readonly #windows = new Map<string, Window>()

  constructor(max: number, windowMs: number, clock: Clock) {
    this.#max = max
    this.#windowMs = windowMs
    this.#clock = clock
  }

  spend(name: string, words: string): undefined {
    let window = this.#windows.get(name)
    if (window === undefined) {
      window = new Window(this.#max)
      this.#windows.set(name, window)
    }
    const waitMs = window.take(this.#clock(), this.#windowMs)
    if (waitMs > 0) throw new Fault('throttled', words, { retryMs: String(waitMs) })
  }

  charge(name: string, count: number): void {
    this.#windows.get(name)?.add(this.#clock(), count)
  }
}

/** When each of the last `max` requests was let through, oldest next: a ring. */
class Window {
  readonly #times: Float64Array
  #oldest = 0

  constructor(max: number) {
    this.#times = new Float64Array(max).fill(Number.NEGATIVE_INFINITY)
  }

  /** Lets one through and returns 0, or returns for how long none is let through. */
  take(at: Instant, windowMs: number): number {
    const ageMs = at - (this.#times[this.#oldest] as number)
    // A clock that was set back must not lock anybody out: what lies in the future counts as gone.
    if (ageMs >= 0 && ageMs < windowMs) return windowMs - ageMs
    this.add(at, 1)
    return 0
  }

  add(at: Instant, count: number): void {
    for (let added = 0; added < count; added += 1) {
      this.#times[this.#oldest] = at
      this.#oldest = (this.#oldest + 1) % this.#times.length
    }
  }
}
