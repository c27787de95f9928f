import type { Instant } from '#base/clock.ts'
import type { Database } from '#base/database.ts'
import type { Log } from '#base/log.ts'
import { dropOutgoing, nextOutgoingAt, type Outgoing, returnOutgoing, takeOutgoing } from '#core/events/events.ts'
import { messageHeaders } from './signature.ts'
import { Alarm, type Worker } from './worker.ts'

/**
 * Carries events out of the house: each as one CloudEvent by HTTPS POST, at least once, in the order of the journal as
 * long as the receiver takes them. What it refuses for good, or hasn't taken within a day, is dropped with a line in the
 * log. A receiver can tell repetitions by the event's id, and impostors by the signature (standardwebhooks.com: HMAC-SHA256
 * over id, timestamp and body).
 */
export type Receiver = { readonly url: URL; readonly key: string | undefined }

export type Relay<E> = {
  readonly database: Database<E>
  readonly clock: () => Instant
  readonly log: Log
  readonly to: Receiver
  /** For tests: the pauses after each failure in a row, the last one repeated. */
  readonly pausesMs?: readonly number[]
}

const minute = 60_000
/** As Event Grid's own schedule. */
const gridPausesMs = [10_000, 30_000, minute, 5 * minute, 10 * minute, 30 * minute, 60 * minute, 180 * minute]
const requestMsMax = 30_000
const batchMax = 16
/** Taken events are ours for as long as one batch may last. */
const heldMs = batchMax * requestMsMax + minute
const ageMsMax = 24 * 60 * minute
const idleMs = minute
/** The receiver understands, and will never want it; anything else may be mended. */
const forGood = new Set([400, 410, 413, 422])

export function startRelay<E>({ database, clock, log, to, pausesMs = gridPausesMs }: Relay<E>): Worker {
  const alarm = new Alarm()
  const closing = new AbortController()
  const stopListening = database.onCommit(() => alarm.ring())
  let failures = 0

  /** Delivers a batch in order; at the first failure the rest waits with it, so that the order is kept. */
  async function carry(batch: readonly Outgoing[]): Promise<void> {
    for (const [index, outgoing] of batch.entries()) {
      if (closing.signal.aborted) return returnOutgoing(database, batch.slice(index).map(sequenceOf), 0)
      const answer = await post(to, outgoing, clock())
      const facts = { sequence: outgoing.sequence, status: answer.status, why: answer.why }
      const tooOld = clock() - timeOf(outgoing) > ageMsMax
      if (answer.taken || forGood.has(answer.status ?? 0) || tooOld) {
        if (!answer.taken)
          log.error(
            facts,
            tooOld ? 'an event was not taken for a day and is dropped' : 'an event was refused and is dropped',
          )
        failures = 0
        await dropOutgoing(database, outgoing.sequence)
        continue
      }
      failures += 1
      const pauseMs = pausesMs[Math.min(failures, pausesMs.length) - 1] as number
      log.warn({ ...facts, failures, pauseMs }, 'an event could not be delivered')
      await returnOutgoing(database, batch.slice(index).map(sequenceOf), pauseMs)
      // Later ones wait too, so that they don't overtake.
      return alarm.rest(pauseMs)
    }
  }

  async function loop(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        const batch = await takeOutgoing(database, clock(), heldMs, batchMax)
        if (batch.length > 0) {
          await carry(batch)
          continue
        }
        const next = await nextOutgoingAt(database.read)
        await alarm.sleep(next === undefined ? idleMs : Math.min(Math.max(next - clock() + 1, 1), idleMs))
      } catch (error) {
        failures += 1
        log.warn({ error, failures }, 'the relay can’t work')
        await alarm.rest(Math.min(30_000, 500 * 2 ** Math.min(failures, 10)))
      }
    }
  }

  const looping = loop()
  return {
    async close() {
      closing.abort()
      stopListening()
      alarm.stop()
      await looping
    },
  }
}

type Answer = { readonly taken: boolean; readonly status?: number; readonly why?: string }

async function post({ url, key }: Receiver, { sequence, event }: Outgoing, at: Instant): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.timeout(requestMsMax),
      headers: {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        ...messageHeaders(key, String(sequence), at, event),
      },
      body: event,
    })
    await response.body?.cancel()
    return { taken: response.status >= 200 && response.status < 300, status: response.status }
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: unknown } }
    return { taken: false, why: typeof cause?.code === 'string' ? cause.code : message }
  }
}

const sequenceOf = ({ sequence }: Outgoing): number => sequence
const timeOf = ({ event }: Outgoing): Instant => Date.parse((JSON.parse(event) as { time: string }).time)
