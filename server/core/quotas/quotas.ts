import type { Turn } from '#base/database.ts'
import { addSpent, forgetSpent, spentOn } from './quota-rows.ts'

/**
 * How much of each vault and store all nodes of a cluster let through together. A node doesn't ask for each request: it claims
 * some ahead, here, in a turn, and turns follow each other, so that never more is claimed than there is. Time is cut
 * into slots: what was claimed in one is let through in it, and what isn't comes back with the next claim.
 */
export type Allowed = {
  /** At most so many in any stretch of the window's length. */
  readonly max: number
  readonly windowMs: number
}

/** A twentieth of the window: a slot is counted until all of it is older than the window, so up to that much less is let through. */
const slots = 20

export type Claim = {
  readonly wanted: number
  /** What an earlier claim brought and wasn't needed; less than nothing, where more was needed than it brought. */
  readonly back: { readonly slot: number; readonly count: number } | undefined
}
export type Claimed = {
  readonly slot: number
  readonly count: number
  /** For how long what was claimed may be let through; where nothing was left, until something will be. */
  readonly forMs: number
}

export const slotMsOf = ({ windowMs }: Allowed): number => Math.ceil(windowMs / slots)

/** Claims so many of what a subject still lets through, or what is left of it. */
export async function claim(
  { sql, at }: Turn,
  subject: string,
  allowed: Allowed,
  { wanted, back }: Claim,
): Promise<Claimed> {
  const slotMs = slotMsOf(allowed)
  const slot = Math.floor(at / slotMs)
  if (back !== undefined) await addSpent(sql, subject, back.slot, -back.count)
  const oldest = slot - Math.ceil(allowed.windowMs / slotMs)
  // A clock that was set back must not lock anybody out: what lies in the future counts for nothing.
  const spent = (await spentOn(sql, subject)).filter((one) => one.slot >= oldest && one.slot <= slot && one.spent > 0)
  const left = allowed.max - spent.reduce((sum, one) => sum + one.spent, 0)
  const count = Math.max(0, Math.min(wanted, left))
  if (count === 0) {
    const first = spent[0]?.slot ?? slot
    return { slot, count, forMs: (first + 1) * slotMs + allowed.windowMs - at }
  }
  await forgetSpent(sql, subject, oldest)
  await addSpent(sql, subject, slot, count)
  return { slot, count, forMs: (slot + 1) * slotMs - at }
}
