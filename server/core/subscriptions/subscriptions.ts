import type { Instant } from '#base/clock.ts'
import type { Database, Turn } from '#base/database.ts'
import { isWithin } from '#base/scope.ts'
import type { Sql } from '#base/sql.ts'
import { hold, type Lease, scheduleAt, scheduleBy, scheduleNow, settle, unschedule } from '#core/schedule/schedule.ts'
import type { CloudEvent } from './cloud-event.ts'
import {
  addDelivery,
  type Delivery,
  deadFrom,
  deliveriesDue,
  deliveriesFirst,
  dropDeadBeyond,
  dueNext,
  forgetDeadBefore,
  giveUpBefore,
  keepTried,
  removeDeliveries,
  removeDelivery,
  waitingFrom,
} from './delivery-rows.ts'
import { wants } from './filter.ts'
import { type Fate, fromSettings, type Subscription } from './subscription.ts'
import {
  addSubscription,
  changeSubscription,
  everySubscription,
  removeSubscription,
  subscriptionWith,
} from './subscription-rows.ts'

export type { Delivery } from './delivery-rows.ts'
export { subscriptionId, subscriptionNamed, subscriptionWith } from './subscription-rows.ts'

/** The kind under which a subscription waits for its next delivery, and for its end. */
export const delivering = 'deliver-events'
/** The kind under which a subscription's address waits to be asked whether it wants events. */
export const validating = 'validate-subscription'

const minute = 60_000
const day = 24 * 60 * minute
/** For so long what couldn't be delivered can be sent again. */
const deadLetterMs = 30 * day
/** So many are kept for one subscription, some ten megabytes; beyond them the oldest go, and the log says so. */
export const deadLettersKept = 10_000

/** Who listens, kept in memory while the epoch stands: whoever changes a subscription moves it. */
export class Listeners {
  #epoch = -1
  #known: readonly Subscription[] = [];

  async in(turn: Turn): Promise<readonly Subscription[]> {
    if (!turn.accessChanged && turn.epoch === this.#epoch) return this.#known
    const known = (await everySubscription(turn.sql)).filter(({ proven }) => proven)
    if (!turn.accessChanged) {
      this.#known = known
      this.#epoch = turn.epoch
    }
    return known
  }
}

/** Something that happened, and where. */
export type Happening = {
  readonly event: CloudEvent
  readonly number: number
  readonly resource: string
  /** What else it tells of: a subscription hears of it only if that lies in its scope as well. */
  readonly target: string | undefined
}

/** Keeps what happened for everybody who wants to hear of it, in the turn in which it happened. */
export async function enqueue(turn: Turn, happenings: readonly Happening[], listeners: Listeners): Promise<void> {
  if (happenings.length === 0) return
  const { sql, at } = turn
  for (const subscription of await listeners.in(turn)) {
    const { id, scope, terms } = subscription
    if (terms.expires !== undefined && terms.expires <= at) continue
    const wanted = happenings.filter(
      ({ event, resource, target = resource }) =>
        isWithin(scope, resource) && isWithin(scope, target) && wants(terms.filter, event),
    )
    for (const { event, number, resource } of wanted) {
      const body = JSON.stringify(event)
      await addDelivery(sql, {
        ...{ subscription: id, event: event.id, number, scope: event.source, resource, body },
        ...{ published: at, due: at },
      })
    }
    if (wanted.length > 0) await lookAfter(turn, subscription)
  }
}

/** Has what begins to wait now delivered; or given up in time, while the address hasn't said that it wants events. */
export const lookAfter = (turn: Turn, { id, state, terms }: Subscription): Promise<void> =>
  scheduleBy(turn, delivering, id, state === 'Succeeded' ? turn.at : turn.at + terms.liveMinutes * minute)

/** Every subscription there is, with what the settings name. */
export const subscriptionsIn = everySubscription

/** Keeps a subscription, and has its address asked if it is to be asked. */
export async function keepSubscription(
  turn: Turn,
  next: Subscription,
  before: Subscription | undefined,
): Promise<void> {
  if (before === undefined) await addSubscription(turn.sql, next)
  else await changeSubscription(turn.sql, next)
  turn.changeAccess()
  if (next.state === 'Creating' || next.state === 'Updating') await scheduleNow(turn, validating, next.id)
  await look(turn, next)
}

/** Has a subscription looked at when there is something to do with it. */
async function look(turn: Turn, subscription: Subscription): Promise<void> {
  const next = await nextLook(turn, subscription)
  if (next === undefined) await unschedule(turn, delivering, subscription.id)
  else if (next <= turn.at) await scheduleNow(turn, delivering, subscription.id)
  else await scheduleAt(turn, delivering, subscription.id, next)
}

/** When there is something to do with a subscription: deliver, give up, forget, or end it. */
async function nextLook({ sql }: Turn, subscription: Subscription): Promise<Instant | undefined> {
  const { id, state, terms } = subscription
  const times = [
    state === 'Succeeded'
      ? await nextDelivery(sql, subscription)
      : after(await waitingFrom(sql, id), terms.liveMinutes * minute),
    terms.expires,
    after(await deadFrom(sql, id), deadLetterMs),
  ].filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.min(...times)
}

/** When something is to be delivered: in order, nothing is before the first. */
const nextDelivery = async (sql: Sql, { id, terms }: Subscription): Promise<Instant | undefined> =>
  terms.inOrder ? (await deliveriesFirst(sql, id, 1))[0]?.due : dueNext(sql, id)

const after = (time: Instant | undefined, ms: number): Instant | undefined =>
  time === undefined ? undefined : time + ms

/** Takes a subscription away with all that waits for it. */
export async function dropSubscription(turn: Turn, id: string): Promise<void> {
  await removeSubscription(turn.sql, id)
  await removeDeliveries(turn.sql, id)
  await unschedule(turn, validating, id)
  await unschedule(turn, delivering, id)
  turn.changeAccess()
}

/** Takes away the subscriptions at a resource that is gone, and below it. */
export async function forgetSubscriptions(turn: Turn, resource: string): Promise<void> {
  for (const { id, scope } of await everySubscription(turn.sql)) {
    if (isWithin(resource, scope)) await dropSubscription(turn, id)
  }
}

/** Takes away the subscriptions at exactly this resource, whose contents can still come back with theirs. */
export async function forgetSubscriptionsAt(turn: Turn, resource: string): Promise<void> {
  for (const { id, scope } of await everySubscription(turn.sql)) {
    if (scope.toLowerCase() === resource.toLowerCase()) await dropSubscription(turn, id)
  }
}

/** The subscription under a lease, if it is still there. */
export const leased = (sql: Sql, { subject }: Lease): Promise<Subscription | undefined> =>
  subscriptionWith(sql, subject)

/** What of a subscription is to be delivered now. One that keeps the order waits for its first. */
export async function waitingFor(
  sql: Sql,
  { id, terms }: Subscription,
  at: Instant,
  limit: number,
): Promise<Delivery[]> {
  if (!terms.inOrder) return deliveriesDue(sql, id, at, limit)
  const first = await deliveriesFirst(sql, id, limit)
  const later = first.findIndex(({ due }) => due > at)
  return later < 0 ? first : first.slice(0, later)
}

export type Tried = { readonly delivery: Delivery; readonly fate: 'taken' | (Fate & { readonly outcome: string }) }

/** How many events were given up in a round untried, and how many dead letters were dropped. */
type Lost = { readonly outlived: number; readonly dropped: number }
const nothingLost: Lost = { outlived: 0, dropped: 0 }

/** Keeps what came of a round of deliveries, and gives the lease back until there is something to do again. */
export async function keepRound(turn: Turn, lease: Lease, tried: readonly Tried[], gone: boolean): Promise<Lost> {
  await hold(turn, lease)
  const { sql, at } = turn
  for (const { delivery, fate } of tried) {
    if (fate === 'taken') await removeDelivery(sql, delivery)
    else {
      const [due, dead] = 'dead' in fate ? [at, fate.dead] : [fate.due, null]
      await keepTried(sql, delivery, { due, dead, attempted: at, outcome: fate.outcome })
    }
  }
  const found = await subscriptionWith(sql, lease.subject)
  if (found === undefined) {
    await settle(turn, lease, undefined)
    return nothingLost
  }
  const { id, terms } = found
  if (terms.expires !== undefined && terms.expires <= at) {
    await dropSubscription(turn, id)
    return nothingLost
  }
  let subscription = found
  if (gone) {
    subscription = { ...found, state: 'Failed', trouble: 'The address answered 410: it is gone for good.', updated: at }
    await changeSubscription(sql, subscription)
    turn.changeAccess()
  }
  const outlived =
    subscription.state === 'Succeeded' ? 0 : await giveUpBefore(sql, id, at - terms.liveMinutes * minute, at)
  await forgetDeadBefore(sql, id, at - deadLetterMs)
  const dropped = await dropDeadBeyond(sql, id, deadLettersKept)
  await settle(turn, lease, await nextLook(turn, subscription))
  return { outlived, dropped }
}

/** Keeps what an address said of itself. Nothing, if the subscription has changed since it was asked. */
export async function keepAnswer(
  turn: Turn,
  asked: Subscription,
  said: Pick<Subscription, 'state' | 'trouble' | 'answerUntil'>,
): Promise<boolean> {
  const now = await subscriptionWith(turn.sql, asked.id)
  // Each change seals the address anew, also one of the same moment.
  if (now === undefined || !sameBytes(now.sealed, asked.sealed)) return false
  const next = { ...now, ...said, proven: now.proven || said.state === 'Succeeded' }
  await changeSubscription(turn.sql, next)
  turn.changeAccess()
  await look(turn, next)
  return true
}

const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0

/**
 * The receiver that the settings name is a subscription to everything, in the journal's order. When the settings name
 * none, nothing more is kept for it; what waited is carried when they name one again.
 */
export async function keepSettingsReceiver<E>(database: Database<E>, wanted: boolean): Promise<void> {
  const found = await subscriptionWith(database.read, fromSettings)
  if (wanted ? found?.proven && found.state === 'Succeeded' : !found?.proven) return
  await database.write(async (turn) => {
    const before = await subscriptionWith(turn.sql, fromSettings)
    const receiver: Subscription = before ?? { ...everything, created: turn.at, updated: turn.at }
    const state = wanted
      ? ({ state: 'Succeeded', trouble: undefined } as const)
      : ({ state: 'Failed', trouble: 'CARDEA_EVENTS_URL is not set.' } as const)
    await keepSubscription(turn, { ...receiver, ...state, proven: wanted, updated: turn.at }, before)
  })
}

const everything: Omit<Subscription, 'created' | 'updated'> = {
  id: fromSettings,
  scope: '/',
  name: 'cardea-events-url',
  state: 'Succeeded',
  trouble: undefined,
  proven: true,
  terms: {
    schema: 'CloudEventSchemaV1_0',
    filter: { types: 'all', begins: '', ends: '', caseMatters: false, advanced: [] },
    labels: [],
    attemptsMax: 1_000,
    liveMinutes: 1440,
    batchMax: 1,
    batchKilobytes: 64,
    expires: undefined,
    inOrder: true,
    baseUrl: undefined,
    headers: [],
  },
  sealed: undefined,
  answerUntil: undefined,
}
