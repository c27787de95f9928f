import type { Database, Turn } from '#base/database.ts'
import { claim, dueBefore, extendLease, keepDue, type Lease, release, removeDue } from './due-rows.ts'

export type { Lease } from './due-rows.ts'

/** Puts something into the due-index, or moves it to another time. Whoever held it is fenced out. */
export const scheduleAt = (turn: Turn, kind: string, subject: string, at: number): Promise<void> =>
  keepDue(turn.sql, kind, subject, at)

/** Takes something out of the due-index. */
export const unschedule = (turn: Turn, kind: string, subject: string): Promise<void> =>
  removeDue(turn.sql, kind, subject).then(() => {})

/** A lease is longer than two provider requests, so that its holder can finish what it has begun (rotation reference 2.4). */
export const leaseMs = 60_000

/** Claims what is due, oldest first, at most `limit`. Two who ask at once never get the same. */
export async function claimDue<Entry>(
  database: Database<Entry>,
  owner: string,
  kinds: readonly string[],
  at: number,
  limit: number,
): Promise<Lease[]> {
  // Looking costs little; only when something is due do we take a turn for it.
  if (!(await dueBefore(database.read, kinds, at))) return []
  return database.write((turn) => claim(turn.sql, owner, kinds, turn.at, turn.at + leaseMs, limit))
}

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
export async function hold({ sql, at }: Turn, lease: Lease): Promise<void> {
  if (!(await extendLease(sql, lease, at + leaseMs))) throw new FencedOut(lease)
}
