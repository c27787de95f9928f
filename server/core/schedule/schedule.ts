import type { Instant } from '#base/clock.ts'
import type { Database, Turn } from '#base/database.ts'
import {
  claim,
  countInVain,
  extendLease,
  freeLeases,
  hastenDue,
  keepDue,
  keepDueBy,
  type Lease,
  release,
  removeDue,
  removeDueUnder,
} from './due-rows.ts'

export { type Lease, triedInVain } from './due-rows.ts'

/** How something of a vault or store is named in the due-index. Names of vaults and stores have no slash. */
export const subjectWithin = (container: string, name: string): string => `${container}/${name}`

/** The vault or store of such a subject, and what it is in there. */
export function partsOf(subject: string): readonly [container: string, name: string] {
  const slash = subject.indexOf('/')
  return [subject.slice(0, slash), subject.slice(slash + 1)]
}

/** Puts something into the due-index, or moves it to another time. Whoever held it is fenced out. */
export async function scheduleAt(turn: Turn, kind: string, subject: string, at: number): Promise<void> {
  await keepDue(turn.sql, kind, subject, at)
  turn.stir()
}

/** Puts something into the due-index as due now. Nobody is fenced out: who holds it will find it due again. */
export const scheduleNow = (turn: Turn, kind: string, subject: string): Promise<void> =>
  scheduleBy(turn, kind, subject, turn.at)

/** Puts something into the due-index as due at a time, if it isn't there as due sooner. Nobody is fenced out. */
export async function scheduleBy(turn: Turn, kind: string, subject: string, at: Instant): Promise<void> {
  await keepDueBy(turn.sql, kind, subject, at)
  turn.stir()
}

/** Has something in the due-index looked at now, or as soon as whoever holds it gives it back; changes nothing else. */
export async function hasten(turn: Turn, kind: string, subject: string): Promise<void> {
  await hastenDue(turn.sql, kind, subject, turn.at)
  turn.stir()
}

/** Counts that something in the due-index was tried in vain, for what fails only after its lease was given back. */
export const triedOnceMore = (turn: Turn, kind: string, subject: string): Promise<void> =>
  countInVain(turn.sql, kind, subject)

/** Takes all leases away: for the embedded engine at its start, since nobody can be alive that holds one. */
export const forgetLeases = <Entry>(database: Database<Entry>): Promise<void> =>
  database.write((turn) => freeLeases(turn.sql))

/** Takes something out of the due-index. */
export const unschedule = (turn: Turn, kind: string, subject: string): Promise<void> =>
  removeDue(turn.sql, kind, subject).then(() => {})

/** Takes everything of a kind out of the due-index whose subject begins so. */
export const unscheduleUnder = (turn: Turn, kind: string, prefix: string): Promise<void> =>
  removeDueUnder(turn.sql, kind, prefix)

/** A lease is longer than two provider requests, so that its holder can finish what it has begun. */
export const leaseMs = 60_000

/** Claims what is due, oldest first, at most `limit`. Two who ask at once never get the same. It takes a turn: look first. */
export const claimDue = <Entry>(
  database: Database<Entry>,
  owner: string,
  kinds: readonly string[],
  limit: number,
  forMs = leaseMs,
): Promise<Lease[]> => database.write((turn) => claim(turn.sql, owner, kinds, turn.at, turn.at + forMs, limit))

/** Somebody else has taken this over, or it was moved: whoever holds the old lease drops everything. */
export class FencedOut extends Error {
  constructor({ kind, subject }: Lease) {
    super(`${kind} ${subject} was taken over`)
    this.name = 'FencedOut'
  }
}

/** Gives a lease back: to be looked at again at `at`, or, without a time, never. */
export async function settle({ sql }: Turn, lease: Lease, at: number | undefined, attempt = 0): Promise<void> {
  const settled =
    at === undefined
      ? await removeDue(sql, lease.kind, lease.subject, lease.fence)
      : await release(sql, lease, at, attempt)
  if (!settled) throw new FencedOut(lease)
}

/** Holds a lease for longer; the first deed of every turn that works under it, because it proves the fence. */
export async function hold({ sql, at }: Turn, lease: Lease, forMs = leaseMs): Promise<void> {
  if (!(await extendLease(sql, lease, at + forMs))) throw new FencedOut(lease)
}

/**
 * Does work that may last for longer than a lease, and holds the lease meanwhile. Whoever has lost it all the same learns
 * so from the first turn that works under it.
 */
export async function whileHeld<Entry, T>(
  database: Database<Entry>,
  lease: Lease,
  work: () => Promise<T>,
  forMs = leaseMs,
): Promise<T> {
  let held: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    held = database.write((turn) => hold(turn, lease, forMs)).catch(() => {})
  }, forMs / 3)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    await held
  }
}
