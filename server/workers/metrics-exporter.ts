import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { Family } from '#base/metrics.ts'
import { otlpOf } from '#base/otlp.ts'
import { startLoop } from './loop.ts'
import type { Worker } from './worker.ts'

type Exporter = {
  readonly url: URL
  readonly families: () => Promise<Family[]>
  readonly clock: Clock
  readonly log: Log
  readonly everyMs?: number
}

const usualMs = 60_000
const requestMsMax = 10_000

/** Posts what was counted to an OpenTelemetry collector (OTLP over HTTP, JSON), once a minute. What isn't taken is told next time. */
export function startMetricsExporter({ url, families, clock, log, everyMs = usualMs }: Exporter): Worker {
  const began = clock()
  return startLoop({ everyMs, log, trouble: 'metrics could not be delivered' }, async () => {
    const body = JSON.stringify(otlpOf(await families(), began, clock(), { 'service.name': 'cardea' }))
    const headers = { 'content-type': 'application/json' }
    const signal = AbortSignal.timeout(requestMsMax)
    const answer = await fetch(url, { method: 'POST', redirect: 'manual', headers, body, signal })
    await answer.body?.cancel()
    if (!answer.ok) throw new Error(`the collector answered ${answer.status}`)
  })
}
