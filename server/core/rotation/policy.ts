import type { Kind } from '@cardea/contract/rotation/provider'
import type { Instant } from '#base/clock.ts'

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
  /** When the next rotation begins by itself. */
  readonly next: Instant | undefined
}

/** The time constants of the rotation reference, 2.4. */
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

/** A new version lives as long as the one before was meant to; none that had no end. */
export const expiresOf = (
  before: { readonly created: Instant; readonly expires: Instant | undefined } | undefined,
  at: Instant,
): Instant | undefined =>
  before?.expires === undefined || before.expires <= before.created ? undefined : at + before.expires - before.created

/** When to begin again after a rotation that was aborted, by why it was. */
export function afterAbort(
  why: 'superseded' | 'rebound' | 'disabled' | 'given-up',
  policy: Pick<Policy, 'intervalMs' | 'next'>,
  at: Instant,
  spread: number,
): Instant | undefined {
  switch (why) {
    case 'superseded':
      return nextDue(policy.intervalMs, at, spread)
    case 'rebound':
      return at
    case 'disabled':
      return policy.next
    case 'given-up':
      return policy.intervalMs === undefined ? undefined : at + Math.min(policy.intervalMs, 24 * hour)
  }
}
