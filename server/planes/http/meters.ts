import { type Family, type Labels, Meter } from '#base/metrics.ts'
import type { Plane } from './hosts.ts'

/** What an answer counts as: the class of object and the operation, in Azure's words (*Supported metrics for Microsoft.KeyVault/vaults*). */
type Activity = { readonly ActivityType: string; readonly ActivityName: string }

const windowMs = 60_000

/** A meter for each operation, made when its route is, and what they say together under Azure's names. */
export class Meters {
  readonly #meters = new Map<string, { readonly activity: Activity; readonly meter: Meter }>()
  readonly #clock: () => number
  #window = { since: 0, answered: 0, failed: 0 }
  #load = performance.eventLoopUtilization()

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock
    this.#window.since = clock()
  }

  /** The meter of an operation; the same for the same. */
  of(plane: Plane, operation: string): Meter {
    const key = `${plane}/${operation}`
    const known = this.#meters.get(key)
    if (known !== undefined) return known.meter
    const meter = new Meter()
    this.#meters.set(key, { activity: activityOf(plane, operation), meter })
    return meter
  }

  families(): Family[] {
    const all = [...this.#meters.values()].filter(({ meter }) => meter.latency.count > 0)
    return [
      {
        name: 'ServiceApiHit',
        says: 'Requests that were answered.',
        kind: 'counter',
        samples: all.map(({ activity, meter }) => ({ labels: activity, value: meter.latency.count })),
      },
      {
        name: 'ServiceApiResult',
        says: 'Answers by their status.',
        kind: 'counter',
        samples: all.flatMap(({ activity, meter }) =>
          meter.byStatus.map(([status, value]) => ({ labels: { ...activity, ...labelsOf(status) }, value })),
        ),
      },
      {
        name: 'ServiceApiLatency',
        says: 'Milliseconds from a request to its answer.',
        unit: 'ms',
        kind: 'histogram',
        samples: all.map(({ activity, meter: { latency } }) => ({
          ...{ labels: activity, bounds: latency.bounds, counts: latency.counts, sum: latency.sum },
        })),
      },
      {
        name: 'Availability',
        says: 'Of the answers of the last minute, how many per cent were no failure of ours.',
        unit: '%',
        kind: 'gauge',
        samples: [{ labels: {}, value: this.#availability() }],
      },
      {
        name: 'SaturationShoebox',
        says: 'How many per cent of the time the event loop was busy since this was asked last.',
        unit: '%',
        kind: 'gauge',
        samples: [{ labels: {}, value: this.#saturation() }],
      },
    ]
  }

  #availability(): number {
    let [answered, failed] = [0, 0]
    for (const { meter } of this.#meters.values()) {
      for (const [status, times] of meter.byStatus) {
        answered += times
        if (status >= 500) failed += times
      }
    }
    const { since, ...before } = this.#window
    const [recent, recentFailed] = [answered - before.answered, failed - before.failed]
    if (this.#clock() - since >= windowMs) this.#window = { since: this.#clock(), answered, failed }
    return recent === 0 ? 100 : (100 * (recent - recentFailed)) / recent
  }

  #saturation(): number {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#load)
    this.#load = now
    return Math.round(utilization * 10_000) / 100
  }
}

const labelsOf = (status: number): Labels => ({
  StatusCode: String(status),
  StatusCodeClass: `${Math.floor(status / 100)}xx`,
})

function activityOf(plane: Plane, operation: string): Activity {
  const kind = plane === 'vault' ? /^(Secret|Key|Certificate)/.exec(operation)?.[1] : undefined
  return { ActivityType: (kind ?? plane).toLowerCase(), ActivityName: operation.toLowerCase() }
}
