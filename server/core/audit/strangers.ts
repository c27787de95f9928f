import { Allowance, type Measure } from '#base/allowance.ts'
import type { AuditEntry } from './entry.ts'

/** For an address, and for all of them together: `undefined` keeps an entry of everything. */
export type StrangersMeasure = { readonly each: Measure; readonly all: Measure } | undefined

type Keep = (entry: Omit<AuditEntry, 'at'>) => Promise<void>

/** How long what wasn't kept one by one is counted before its sum is kept. */
const summedAfterMs = 60_000
/** More networks than these are summed as one. */
const networksMax = 1_000

/**
 * What was refused to those who proved nothing is kept one by one for as long as they leave the journal's disk alone; of a flood
 * there is one entry in a minute for each network, which says how much more was refused to it. Only refusals are ever summed: what
 * was done, and what was refused to somebody who is known, has an entry of its own.
 */
export class Strangers {
  readonly #each: Allowance | undefined
  readonly #all: Allowance | undefined
  readonly #keep: Keep
  readonly #sums = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(measure: StrangersMeasure, keep: Keep) {
    this.#each = measure && new Allowance(measure.each)
    this.#all = measure && new Allowance(measure.all)
    this.#keep = keep
  }

  /** Whether a refusal is kept by itself; otherwise it is counted. */
  admit(network: string): boolean {
    if (this.#each === undefined || this.#all === undefined) return true
    if (this.#each.take(network) === 0) {
      if (this.#all.take('') === 0) return true
      this.#each.giveBack(network)
    }
    this.count(network)
    return false
  }

  /** Counts refusals that aren't kept by themselves. */
  count(network: string, count = 1): void {
    const key = this.#sums.has(network) || this.#sums.size < networksMax ? network : ''
    this.#sums.set(key, (this.#sums.get(key) ?? 0) + count)
    this.#timer ??= setTimeout(() => void this.sum().catch(() => undefined), summedAfterMs).unref()
  }

  /** Keeps the sums of what was counted until now. What can't be kept is counted on. */
  async sum(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const sums = [...this.#sums]
    this.#sums.clear()
    await Promise.all(
      sums.map(async ([network, count]) => {
        try {
          await this.#keep(summed(network, count))
        } catch (error) {
          this.count(network, count)
          throw error
        }
      }),
    )
  }
}

const summed = (network: string, count: number): Omit<AuditEntry, 'at'> => ({
  operation: 'RefusedMore',
  resource: `refusals:${count}`,
  caller: { objectId: '', appId: '' },
  circumstances: { address: network, correlation: '', agent: 'cardea' },
  outcome: 'throttled',
})
