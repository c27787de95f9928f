import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock } from '#base/clock.ts'
import type { Family, Histogram, TurnMeter } from '#base/metrics.ts'
import type { Sql } from '#base/sql.ts'
import { type State, stateOf } from '#core/diagnostics/state.ts'
import type { Connections } from '../../http/connections.ts'
import type { Meters } from '../../http/meters.ts'

type Sources = {
  readonly meters: Meters
  readonly turns: TurnMeter
  readonly connections: Pick<Connections, 'open' | 'turnedAway'>
  /** What is committed. */
  readonly sql: Sql
  readonly clock: Clock
}

/** However many ask, the database is asked once in this time. */
const stateMs = 5_000

/** All that is measured here, gathered when somebody asks: under Azure's names what Azure measures, under ours the rest. */
export class Metrics implements Disposable {
  readonly #sources: Sources
  readonly #delay = monitorEventLoopDelay({ resolution: 20 })
  #state: Promise<State> | undefined

  constructor(sources: Sources) {
    this.#sources = sources
    this.#delay.enable()
  }

  async families(): Promise<Family[]> {
    const { meters, turns, connections } = this.#sources
    const { rotations, eventsWaiting, consumersLagging } = await this.#stateNow()
    return [
      ...meters.families(),
      spread(
        'cardea_turn_milliseconds',
        'How long a turn of the writer took until it was durable.',
        turns.latency,
        'ms',
      ),
      spread('cardea_turn_works', 'How many writes and readings shared a turn of the writer.', turns.size),
      {
        name: 'cardea_rotations_open',
        says: 'Rotations under way, by their state.',
        kind: 'gauge',
        samples: [...rotations].map(([state, value]) => ({ labels: { state }, value })),
      },
      gauge('cardea_events_waiting', 'Events that wait to be carried out of the house.', eventsWaiting),
      gauge(
        'cardea_consumers_lagging',
        'Running applications that use another version of a secret than the latest.',
        consumersLagging,
      ),
      gauge('cardea_connections_open', 'Connections to the TLS port that are open.', connections.open),
      {
        name: 'cardea_connections_turned_away',
        says: 'Connections that were closed at once, since as many were open from their address as may be.',
        kind: 'counter',
        samples: [{ labels: {}, value: connections.turnedAway }],
      },
      {
        name: 'cardea_event_loop_delay_milliseconds',
        says: 'How late the event loop was since this was asked last.',
        unit: 'ms',
        kind: 'gauge',
        samples: this.#delays(),
      },
      gauge('cardea_memory_bytes', 'Memory that the process holds.', process.memoryUsage.rss()),
      gauge('cardea_uptime_seconds', 'For how long the process has been running.', Math.floor(process.uptime())),
    ]
  }

  #stateNow(): Promise<State> {
    const { sql, clock } = this.#sources
    if (this.#state === undefined) {
      this.#state = stateOf(sql, clock())
      setTimeout(() => {
        this.#state = undefined
      }, stateMs).unref()
    }
    return this.#state
  }

  #delays() {
    const inMs = (nanos: number) => (Number.isFinite(nanos) ? Math.round(nanos / 10_000) / 100 : 0)
    const samples = [0.5, 0.99].map((quantile) => ({
      labels: { quantile: String(quantile) },
      value: inMs(this.#delay.percentile(quantile * 100)),
    }))
    const worst = { labels: { quantile: '1' }, value: inMs(this.#delay.max) }
    this.#delay.reset()
    return [...samples, worst]
  }

  [Symbol.dispose](): void {
    this.#delay.disable()
  }
}

const gauge = (name: string, says: string, value: number): Family => ({
  ...{ name, says, kind: 'gauge', samples: [{ labels: {}, value }] },
})
const spread = (name: string, says: string, { bounds, counts, sum }: Histogram, unit = '1'): Family => ({
  ...{ name, says, unit, kind: 'histogram', samples: [{ labels: {}, bounds, counts, sum }] },
})
