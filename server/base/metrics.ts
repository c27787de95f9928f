/**
 * What is counted while the house works. Counting is a few additions in arrays that were made beforehand: no label is
 * put together for it, and nothing is looked up. Names and labels are made when somebody asks.
 */
export type Labels = Readonly<Record<string, string>>
type Sample = { readonly labels: Labels; readonly value: number }
export type Spread = { readonly labels: Labels } & Pick<Histogram, 'bounds' | 'counts' | 'sum'>
export type Family = { readonly name: string; readonly says: string; readonly unit?: string } & (
  | { readonly kind: 'counter' | 'gauge'; readonly samples: readonly Sample[] }
  | { readonly kind: 'histogram'; readonly samples: readonly Spread[] }
)

/** How often a value fell between which bounds. The last of `counts` is what lies above them all. */
export class Histogram {
  readonly bounds: readonly number[]
  readonly counts: Float64Array
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  add(value: number): void {
    const { bounds, counts } = this
    let place = 0
    while (place < bounds.length && value > (bounds[place] as number)) place += 1
    counts[place] = (counts[place] as number) + 1
    this.sum += value
  }

  get count(): number {
    return this.counts.reduce((all, one) => all + one, 0)
  }
}

const latencyMs = [0.5, 1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 2500, 5000, 10_000] as const
/** Statuses of HTTP have three digits. */
const statusMax = 600

/** The answers to one operation: how many by status, and how long they took. */
export class Meter {
  readonly #byStatus = new Float64Array(statusMax)
  readonly latency = new Histogram(latencyMs)

  count(status: number, ms: number): void {
    this.#byStatus[status] = (this.#byStatus[status] ?? 0) + 1
    this.latency.add(ms)
  }

  /** The statuses that there were, and how often. */
  get byStatus(): readonly (readonly [status: number, times: number])[] {
    return [...this.#byStatus.entries()].filter(([, times]) => times > 0)
  }
}

/** The turns of a database's writer: how long they took until they were durable, and how much each carried. */
export class TurnMeter {
  readonly latency = new Histogram(latencyMs)
  readonly size = new Histogram([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024])

  count(ms: number, carried: number): void {
    this.latency.add(ms)
    this.size.add(carried)
  }
}
