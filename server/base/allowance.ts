/** How much each may take: so many at once, and so many more with every second. */
export type Measure = { readonly burst: number; readonly perSecond: number }

type Bucket = { left: number; at: number }

/**
 * An allowance for each of many (a token bucket). It is counted by the process's own running time, which no clock that is set can
 * move, and in this process alone. Who isn't among the last so many is new, and has all of it.
 */
export class Allowance {
  readonly #measure: Measure
  readonly #now: () => number
  readonly #knownMax: number
  readonly #buckets = new Map<string, Bucket>()

  constructor(measure: Measure, { now = () => performance.now(), knownMax = 10_000 } = {}) {
    this.#measure = measure
    this.#now = now
    this.#knownMax = knownMax
  }

  /** Takes one and returns 0, or returns after how many milliseconds there is one to take. */
  take(key: string): number {
    const { burst, perSecond } = this.#measure
    const now = this.#now()
    const bucket = this.#buckets.get(key) ?? this.#new(key, now)
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond)
    bucket.at = now
    if (bucket.left < 1) return Math.max(1, Math.ceil(((1 - bucket.left) / perSecond) * 1000))
    bucket.left -= 1
    return 0
  }

  /** Gives one back that was taken. */
  giveBack(key: string): void {
    const bucket = this.#buckets.get(key)
    if (bucket !== undefined) bucket.left = Math.min(this.#measure.burst, bucket.left + 1)
  }

  #new(key: string, at: number): Bucket {
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size >= this.#knownMax && oldest !== undefined) this.#buckets.delete(oldest)
    const bucket = { left: this.#measure.burst, at }
    this.#buckets.set(key, bucket)
    return bucket
  }
}
