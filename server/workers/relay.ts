import { type Egress, Unanswered } from '#base/egress.ts'
import type { Log } from '#base/log.ts'
import type { Base } from '#core/perform.ts'
import { openDestination } from '#core/resources/event-subscriptions.ts'
import { type Lease, settle } from '#core/schedule/schedule.ts'
import { fateOf, type Heard, portions, type Subscription, verdictOn } from '#core/subscriptions/subscription.ts'
import {
  type Delivery,
  deadLettersKept,
  delivering,
  keepRound,
  leased,
  type Tried,
  waitingFor,
} from '#core/subscriptions/subscriptions.ts'
import { parcelOf, type Receiver, receiverOf } from './parcel.ts'
import { Patience } from './patience.ts'
import { sendParcel } from './post.ts'
import type { Work } from './worker.ts'

/** What carries events out of the house. */
export type Relay = {
  readonly base: Base
  readonly log: Log
  /** The receiver that the settings name, if they name one. */
  readonly own: Pick<Receiver, 'url' | 'key'> | undefined
  readonly egress: Egress
  /** By what name we come: our public host. */
  readonly origin: string
  /** For tests: the pauses after each failure, the last one repeated. */
  readonly pausesMs?: readonly number[]
}

/** So many are sent at once to one receiver, where the order doesn't matter. */
const lanes = 8
const portionsMax = 64
const eventsMax = 5_000
const elsewhereMs = 60_000
/** So many receivers at once, and of those that aren't known to be quick no more than half. */
const places = 32
/** After so long nothing more is begun: what was sent is kept before the lease is over. */
const roundMs = 30_000
const leaseMs = 120_000

/**
 * Carries events to whoever subscribed, at least once: each subscription by one node at a time, and none waits for
 * another's receiver. What isn't taken is tried again on Event Grid's schedule; what is refused for good, or isn't taken
 * in time, is kept as a dead letter that somebody may have sent again.
 */
export function relay(tools: Relay): Work {
  const patience = new Patience(places / 2)
  return {
    name: 'relay',
    kind: delivering,
    concurrency: places,
    leaseMs,
    run: (lease, closing) => carry(tools, patience, lease, closing),
  }
}

async function carry(
  { base, log, own, egress, origin, pausesMs }: Relay,
  patience: Patience,
  lease: Lease,
  closing: AbortSignal,
): Promise<void> {
  const { database, keyring, clock } = base
  const subscription = await leased(database.read, lease)
  const tried: Tried[] = []
  let gone = false
  if (subscription !== undefined && isOpen(subscription, clock())) {
    const destination = await openDestination(database.read, keyring, subscription)
    const to = destination === undefined ? own && { ...own, headers: {} } : receiverOf(destination)
    // Another node was started with a receiver of its own, and this one without: let that one have it.
    if (to === undefined) return void (await database.write((turn) => settle(turn, lease, turn.at + elsewhereMs)))
    const { terms } = subscription
    const limit = Math.min(portionsMax * terms.batchMax, eventsMax)
    const queue = portions(await waitingFor(database.read, subscription, clock(), limit), terms)
    // The operator's own receiver waits for nobody; nor does a round in which nobody is waited for.
    const free = destination === undefined || queue.length === 0
    const admitted = free ? undefined : patience.admit(subscription.id, clock())
    if (admitted !== undefined && 'until' in admitted)
      return void (await database.write((turn) => settle(turn, lease, Math.max(turn.at + 1, admitted.until))))
    const way = destination === undefined ? { ...egress, allowPrivate: true, operators: true } : egress
    const began = performance.now()
    let slowestMs = 0
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const sent = performance.now()
        const [heard, at] = [await deliver(subscription, to, next), clock()]
        slowestMs = Math.max(slowestMs, performance.now() - sent)
        const verdict = verdictOn(heard)
        for (const delivery of next) {
          const attempt = delivery.attempt + 1
          const fate = verdict.taken
            ? ('taken' as const)
            : {
                outcome: verdict.outcome,
                ...fateOf({ ...delivery, attempt }, verdict, terms, {
                  ...{ at, random: Math.random() },
                  ...(pausesMs !== undefined && { pauses: pausesMs }),
                }),
              }
          tried.push({ delivery, fate })
        }
        if (!verdict.taken)
          log.warn({ ...factsOf(subscription, next), outcome: verdict.outcome }, 'events were not taken')
        if ('status' in heard && heard.status === 410 && destination !== undefined) gone = true
        const isHeldUp = terms.inOrder && !verdict.taken && verdict.afterMs !== undefined
        const isLate = 'failed' in heard && heard.failed === 'timed-out'
        if (gone || isHeldUp || isLate || closing.aborted || performance.now() - began > roundMs) return
      }
    }
    const deliver = (of: Subscription, receiver: Receiver, portion: readonly Delivery[]): Promise<Heard> =>
      sendParcel(receiver, parcelOf(of, receiver, portion, { at: clock(), origin }), way).catch((error: unknown) => {
        if (error instanceof Unanswered) return { failed: error.why }
        throw error
      })
    try {
      await Promise.all(Array.from({ length: terms.inOrder ? 1 : lanes }, lane))
    } finally {
      admitted?.over(slowestMs, clock())
    }
  }
  const { outlived, dropped } = await database.write((turn) => keepRound(turn, lease, tried, gone))
  for (const { delivery, fate } of tried) {
    if (fate !== 'taken' && 'dead' in fate)
      log.error({ subscription: subscription?.name, event: delivery.event, why: fate.dead }, 'an event is given up')
  }
  if (subscription === undefined) return
  const { name, scope } = subscription
  if (outlived > 0)
    log.error(
      { subscription: name, scope, events: outlived },
      'events are given up that waited for their address too long',
    )
  if (dropped > 0)
    log.error(
      { subscription: name, scope, events: dropped, kept: deadLettersKept },
      'the oldest events that were given up are dropped: no more are kept for one subscription',
    )
}

const isOpen = ({ state, terms }: Subscription, at: number): boolean =>
  state === 'Succeeded' && (terms.expires === undefined || terms.expires > at)

const factsOf = ({ name, scope }: Subscription, portion: readonly Delivery[]) => ({
  ...{ subscription: name, scope, events: portion.length },
  attempt: Math.max(...portion.map(({ attempt }) => attempt)) + 1,
})
