import type { Instant } from '#base/clock.ts'

/** Whoever answers later than this keeps others waiting. */
const quickMs = 5_000
const pauseMsFirst = 10_000
const pauseMsMax = 600_000
const knownMax = 10_000

type Standing = { readonly late: number; readonly until: Instant }

/**
 * How long receivers are waited for. There are only so many places at which a node carries; those who keep it waiting, and those
 * it doesn't know yet, have half of them between them, and who was late is left alone for a while, longer each time. So nobody
 * can hold up the events of others by answering slowly, or never. In this process's memory: another node finds out for itself.
 */
export class Patience {
  readonly #places: number
  readonly #known = new Map<string, Standing>()
  #taken = 0

  constructor(places: number) {
    this.#places = places
  }

  /** Lets a receiver be tried, and gives what to call with the time that it took; or when it may be tried. */
  admit(
    id: string,
    at: Instant,
  ): { readonly until: Instant } | { readonly over: (tookMs: number, at: Instant) => void } {
    const { late = 1, until = 0 } = this.#known.get(id) ?? {}
    if (until > at) return { until }
    if (late > 0 && this.#taken >= this.#places) return { until: at + 1_000 }
    if (late > 0) this.#taken += 1
    return {
      over: (tookMs, ended) => {
        if (late > 0) this.#taken -= 1
        this.#keep(id, tookMs > quickMs ? this.#later(id, ended) : { late: late >> 1, until: 0 })
      },
    }
  }

  #later(id: string, at: Instant): Standing {
    const late = (this.#known.get(id)?.late ?? 0) + 1
    return { late, until: at + Math.min(pauseMsMax, pauseMsFirst * 2 ** Math.min(late - 1, 10)) }
  }

  #keep(id: string, standing: Standing): void {
    this.#known.delete(id)
    this.#known.set(id, standing)
    const [oldest] = this.#known.keys()
    if (this.#known.size > knownMax && oldest !== undefined) this.#known.delete(oldest)
  }
}
