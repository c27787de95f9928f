import type { Instant } from '#base/clock.ts'
import { type Egress, Unanswered } from '#base/egress.ts'
import type { Log } from '#base/log.ts'
import type { Base } from '#core/perform.ts'
import { openDestination } from '#core/resources/event-subscriptions.ts'
import { type Lease, settle } from '#core/schedule/schedule.ts'
import {
  fateOf,
  type Heard,
  portions,
  type Subscription,
  usualSchedule,
  verdictOn,
} from '#core/subscriptions/subscription.ts'
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
  /** For tests: the pauses after each failure, the last one repeated, whatever an answer asks for. */
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

/** Who is sent what in one round, and how they are reached. */
type Round = {
  readonly subscription: Subscription
  readonly to: Receiver
  /** The operator's own receiver, which the settings name. */
  readonly isOwn: boolean
  readonly way: Egress
  readonly queue: Delivery[][]
}
/** What came of a round so far. */
type Sent = { readonly tried: Tried[]; gone: boolean; slowestMs: number }

async function carry(tools: Relay, patience: Patience, lease: Lease, closing: AbortSignal): Promise<void> {
  const { database, clock } = tools.base
  const giveBack = (again: (at: Instant) => Instant) =>
    database.write((turn) => settle(turn, lease, Math.max(turn.at + 1, again(turn.at))))
  const sent: Sent = { tried: [], gone: false, slowestMs: 0 }
  const subscription = await leased(database.read, lease)
  if (subscription !== undefined && isOpen(subscription, clock())) {
    const round = await roundOf(tools, subscription)
    // Another node was started with a receiver of its own, and this one without: let that one have it.
    if (round === undefined) return giveBack((at) => at + elsewhereMs)
    // The operator's own receiver waits for nobody; nor does a round in which nobody is waited for.
    const isFree = round.isOwn || round.queue.length === 0
    const admitted = isFree ? undefined : patience.admit(subscription.id, clock())
    if (admitted !== undefined && 'until' in admitted) return giveBack(() => admitted.until)
    try {
      await sendQueue(tools, round, sent, closing)
    } finally {
      admitted?.over(sent.slowestMs, clock())
    }
  }
  await keep(tools, lease, subscription, sent)
}

/** What waits for a subscription, and where it goes; undefined where this node has no receiver for it. */
async function roundOf({ base, own, egress }: Relay, subscription: Subscription): Promise<Round | undefined> {
  const { read } = base.database
  const destination = await openDestination(read, base.keyring, subscription)
  const isOwn = destination === undefined
  const to = isOwn ? own && { ...own, headers: {} } : receiverOf(destination)
  if (to === undefined) return undefined
  const { terms } = subscription
  const limit = Math.min(portionsMax * terms.batchMax, eventsMax)
  const queue = portions(await waitingFor(read, subscription, base.clock(), limit), terms)
  const way = isOwn ? { ...egress, allowPrivate: true, operators: true } : egress
  return { subscription, to, isOwn, way, queue }
}

/** Sends what is queued, in one lane where the order matters, until all is sent or there is no use in sending more now. */
async function sendQueue(tools: Relay, round: Round, sent: Sent, closing: AbortSignal): Promise<void> {
  const began = performance.now()
  const lane = async (): Promise<void> => {
    for (let next = round.queue.shift(); next !== undefined; next = round.queue.shift()) {
      const goesOn = await sendPortion(tools, round, next, sent)
      if (!goesOn || sent.gone || closing.aborted || performance.now() - began > roundMs) return
    }
  }
  await Promise.all(Array.from({ length: round.subscription.terms.inOrder ? 1 : lanes }, lane))
}

/** Sends what goes together, and notes what becomes of each event; false when the receiver has to be waited for. */
async function sendPortion(
  { base, log, origin, pausesMs }: Relay,
  { subscription, to, isOwn, way }: Round,
  portion: readonly Delivery[],
  sent: Sent,
): Promise<boolean> {
  const { terms } = subscription
  const began = performance.now()
  const parcel = parcelOf(subscription, to, portion, { at: base.clock(), origin })
  const heard = await sendParcel(to, parcel, way).catch(unanswered)
  const at = base.clock()
  sent.slowestMs = Math.max(sent.slowestMs, performance.now() - began)
  const verdict = verdictOn(heard)
  const schedule = pausesMs === undefined ? usualSchedule : { pausesMs, heedsAnswers: false }
  for (const delivery of portion) {
    const tried = { ...delivery, attempt: delivery.attempt + 1 }
    const fate = verdict.taken
      ? ('taken' as const)
      : { outcome: verdict.outcome, ...fateOf(tried, verdict, terms, { at, random: Math.random(), schedule }) }
    sent.tried.push({ delivery, fate })
  }
  if (!verdict.taken) log.warn({ ...factsOf(subscription, portion), outcome: verdict.outcome }, 'events were not taken')
  if ('status' in heard && heard.status === 410 && !isOwn) sent.gone = true
  const isHeldUp = terms.inOrder && !verdict.taken && verdict.afterMs !== undefined
  const isLate = 'failed' in heard && heard.failed === 'timed-out'
  return !isHeldUp && !isLate
}

function unanswered(error: unknown): Heard {
  if (error instanceof Unanswered) return { failed: error.why }
  throw error
}

/** Keeps what came of a round, and tells the operator of what is given up. */
async function keep(
  { base, log }: Relay,
  lease: Lease,
  subscription: Subscription | undefined,
  { tried, gone }: Sent,
): Promise<void> {
  const { outlived, dropped } = await base.database.write((turn) => keepRound(turn, lease, tried, gone))
  if (subscription === undefined) return
  const { name, scope } = subscription
  for (const { delivery, fate } of tried) {
    if (fate !== 'taken' && 'dead' in fate)
      log.error({ subscription: name, event: delivery.event, why: fate.dead }, 'an event is given up')
  }
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
