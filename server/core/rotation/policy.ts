import type { Kind } from '@cardea/contract/rotation/provider'
import type { Instant } from '#base/clock.ts'
import { always, type Calendar, isOpenAt, openingFrom } from './calendar.ts'
import { cronAfter } from './cron.ts'

/** When a rotation begins, how long it waits between attempts, and when it gives up. Time and chance are arguments. */
export type Policy = {
  readonly provider: string
  /** In the provider's own words, as JSON. */
  readonly binding: string
  /** From one rotation to the next; undefined: only on demand. */
  readonly intervalMs: number | undefined
  /** How long the old credential may outlive the new one when consumers lag. */
  readonly graceMs: number
  /** Whether the old credential is taken away at the end. */
  readonly scrub: boolean
  /** What else decides when it begins; undefined: the interval alone. */
  readonly schedule: Schedule | undefined
  /** When the next rotation begins by itself. */
  readonly next: Instant | undefined
}

/** Before expiry or by cron, where there is no interval; and when it may begin at all. */
export type Schedule = {
  readonly beforeExpiryMs: number | undefined
  /** How long new versions live; undefined: as long as the one before was meant to. */
  readonly validityMs: number | undefined
  readonly cron: string | undefined
  readonly jitterMs: number | undefined
  readonly calendar: Calendar
}
export type Rhythm = Pick<Policy, 'intervalMs' | 'schedule'>

/** What decides how old a version is. */
export type Age = { readonly created: Instant; readonly expires: Instant | undefined }

/** How long a rotation waits for what. */
export type Times = {
  /** A request to a provider takes at most this long. */
  readonly requestMs: number
  /** A lease: whoever holds it works alone. */
  readonly leaseMs: number
  /** How far the clocks of nodes and database may run apart within a lease. */
  readonly clockErrorMs: number
  /** After a request whose end isn't known: from then on it can't arrive any more. */
  readonly quarantineMs: number
  /** For policies that name no grace. */
  readonly graceMs: number
  readonly backoffFirstMs: number
  readonly backoffMaxMs: number
  readonly giveUpMs: number
  /** A disabled or deleted secret is looked at again after this long, and so is a blocked rotation. */
  readonly lookAgainMs: number
  /** A consumer that has been silent for so long counts as gone. */
  readonly silentMs: number
}

const minute = 60_000
const hour = 60 * minute
/** The times of a server whose settings name no others. */
export const defaultTimes: Times = {
  requestMs: 10_000,
  leaseMs: minute,
  clockErrorMs: 30_000,
  quarantineMs: 5 * minute,
  graceMs: 24 * hour,
  backoffFirstMs: 5_000,
  backoffMaxMs: hour,
  giveUpMs: 48 * hour,
  lookAgainMs: hour,
  silentMs: minute,
}

/** The inequalities that don't hold, each by name: without them the proofs are void. */
export function brokenIn(times: Times): string[] {
  const wrong: string[] = []
  if (!(times.leaseMs > 2 * times.requestMs)) wrong.push('leaseMs must be more than twice requestMs')
  if (!(times.quarantineMs >= times.leaseMs + times.requestMs + times.clockErrorMs)) {
    wrong.push('quarantineMs must be at least leaseMs + requestMs + clockErrorMs')
  }
  if (!(times.graceMs >= times.quarantineMs)) wrong.push('graceMs must be at least quarantineMs')
  if (!(times.backoffFirstMs > 0 && times.backoffMaxMs >= times.backoffFirstMs)) {
    wrong.push('backoffMaxMs must be at least backoffFirstMs, and that more than 0')
  }
  if (!(times.giveUpMs > times.backoffMaxMs)) wrong.push('giveUpMs must be more than backoffMaxMs')
  return wrong
}

/** The constants with some replaced. Throws, naming each inequality that doesn't hold. */
export function timesFrom(given: Partial<Times> = {}): Times {
  const times = { ...defaultTimes, ...given }
  const wrong = brokenIn(times)
  if (wrong.length > 0) throw new Error(`Rotation can't keep its promises:\n  - ${wrong.join('\n  - ')}`)
  return times
}

/** How long to wait after `attempt` attempts in vain: doubling, capped, and any part of that (full jitter). */
export const backoffMs = ({ backoffFirstMs, backoffMaxMs }: Times, attempt: number, chance: number): number =>
  Math.ceil(Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(Math.max(attempt - 1, 0), 40)) * chance)

/**
 * When the rotation after one at `at` begins: an interval later, a little sooner by a constant of each secret, so that
 * a thousand secrets bound by one script don't rotate in the same second.
 */
export const nextDue = (intervalMs: number | undefined, at: Instant, spread: number): Instant | undefined =>
  intervalMs === undefined ? undefined : Math.round(at + intervalMs - spread * Math.min(hour, intervalMs / 100))

/**
 * When the rotation begins that replaces a version, at `now` or later; undefined: not by itself. What is due while
 * nothing may begin waits for the next opening, and what waits for the same one is spread over its first half.
 */
export function nextBegin(rhythm: Rhythm, age: Age, now: Instant, spread: number): Instant | undefined {
  const due = dueOf(rhythm, age, now, spread)
  return due === undefined ? undefined : admitted(rhythm, Math.max(due, now), spread)
}

/**
 * When the next rotation begins, as things are now: expiry dates move, and what was due while nobody could begin it, or
 * nothing may, waits for the next opening. The first credential waits for nothing, since nobody uses it yet. `retries`:
 * a rotation has failed with this very version, so that when to try again is decided already.
 */
export function standingNext(
  policy: Policy,
  age: Age | undefined,
  retries: boolean,
  now: Instant,
  spread: number,
): Instant | undefined {
  if (age === undefined) return policy.next === undefined ? undefined : Math.max(policy.next, now)
  const moves = policy.schedule?.beforeExpiryMs !== undefined && !retries
  const next = moves ? nextBegin(policy, age, now, spread) : policy.next
  return next === undefined || next > now ? next : admitted(policy, now, isOpenAt(calendarOf(policy), now) ? 0 : spread)
}

/** Expiry may come soon after a version is made: half of its life it has at least. */
const soonestOf = (created: Instant, end: Instant): Instant => Math.max(created, created + (end - created) / 2)
const calendarOf = ({ schedule }: Rhythm): Calendar => schedule?.calendar ?? always

/** When a version is due to be replaced, whether something may begin then or not. */
function dueOf({ intervalMs, schedule }: Rhythm, { created, expires }: Age, now: Instant, spread: number) {
  const { cron, beforeExpiryMs, validityMs, jitterMs, calendar } = schedule ?? anyTime
  if (cron !== undefined) return cronAfter(cron, calendar.timeZone, now)
  if (beforeExpiryMs !== undefined) {
    const end = expires ?? (validityMs === undefined ? undefined : created + validityMs)
    const sooner = spread * (jitterMs ?? Math.min(hour, beforeExpiryMs / 100))
    return end === undefined ? undefined : Math.round(Math.max(end - beforeExpiryMs - sooner, soonestOf(created, end)))
  }
  if (intervalMs === undefined || jitterMs === undefined) return nextDue(intervalMs, created, spread)
  return Math.round(created + intervalMs - spread * Math.min(jitterMs, intervalMs / 2))
}

/** The moment, or one in the next opening. */
function admitted({ schedule = anyTime }: Rhythm, at: Instant, spread: number): Instant | undefined {
  const { calendar, cron, jitterMs } = schedule
  const opening = openingFrom(calendar, at)
  if (opening === undefined) return undefined
  const { opens, closes } = opening
  const later = cron === undefined && opens === at ? 0 : (jitterMs ?? (opens === at ? 0 : hour))
  return Math.floor(opens + spread * Math.min(later, (closes - opens) / 2))
}

const anyTime: Schedule = {
  beforeExpiryMs: undefined,
  validityMs: undefined,
  cron: undefined,
  jitterMs: undefined,
  calendar: always,
}

/** A constant between 0 and 1 for each subject (FNV-1a). */
export function spreadOf(subject: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < subject.length; index += 1) {
    hash = Math.imul(hash ^ subject.charCodeAt(index), 0x01000193) >>> 0
  }
  return hash / 2 ** 32
}

/** When a rotation that doesn't succeed gives up: after 48 hours, or half of what the current version has left to live. */
export const givesUpAt = ({ giveUpMs }: Times, at: Instant, expires: Instant | undefined): Instant =>
  expires === undefined || expires <= at ? at + giveUpMs : Math.min(at + giveUpMs, at + Math.floor((expires - at) / 2))

/** Where a policy says nothing of grace: for what a cycle leaves, but no longer than the default; a single credential has none. */
export const graceOf = (
  { graceMs }: Times,
  kind: Kind,
  given: number | undefined,
  intervalMs: number | undefined,
): number => given ?? (kind === 'single' ? 0 : Math.min(graceMs, intervalMs ?? graceMs))

/** A new version lives as long as the policy says, or as the one before was meant to; none that had no end. */
export const expiresOf = (before: Age | undefined, at: Instant, validityMs?: number): Instant | undefined =>
  validityMs !== undefined
    ? at + validityMs
    : before?.expires === undefined || before.expires <= before.created
      ? undefined
      : at + before.expires - before.created

/** When to begin again after a rotation that was aborted, by why it was. */
export function afterAbort(
  why: 'superseded' | 'rebound' | 'disabled' | 'given-up',
  policy: Rhythm & Pick<Policy, 'next'>,
  age: Age,
  at: Instant,
  spread: number,
): Instant | undefined {
  switch (why) {
    case 'superseded':
      return nextBegin(policy, age, at, spread)
    case 'rebound':
      return at
    case 'disabled':
      return policy.next
    case 'given-up':
      return rotatesByItself(policy)
        ? admitted(policy, at + Math.min(policy.intervalMs ?? Infinity, 24 * hour), spread)
        : undefined
  }
}

/** Whether anything but a person begins a rotation. */
export const rotatesByItself = ({ intervalMs, schedule }: Rhythm): boolean =>
  intervalMs !== undefined || schedule?.cron !== undefined || schedule?.beforeExpiryMs !== undefined

/**
 * How long a credential will be needed that is made now, as far as is known: twice the interval, so that one which fails
 * for as long as that has cost nobody anything; or as long as its version is to live.
 */
export function livesOf({ intervalMs, graceMs, schedule }: Pick<Policy, 'intervalMs' | 'graceMs' | 'schedule'>) {
  if (schedule?.validityMs !== undefined) return schedule.validityMs + graceMs
  return intervalMs === undefined ? undefined : 2 * intervalMs + graceMs
}
