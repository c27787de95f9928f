import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import { scheduleAt, unschedule, unscheduleUnder } from '#core/schedule/schedule.ts'
import { dropNotices, dropNoticesBefore, type Expiring, expiringIn, expiringUntil, keepNotice } from './expiry-rows.ts'
import type { SecretVersion } from './secret.ts'

/** The kind under which a secret waits for the end of its latest version, and for the notice of it. */
export const expiring = 'secret-expiry'

/** So long before its end a version is near it, as in Key Vault. */
const nearMs = 30 * 86_400_000

const expiringMax = 1_000

/** Secrets in use whose latest version expires until a time, or has; the first to expire first. */
export const expiringSecrets = (sql: Sql, until: Instant): Promise<Expiring[]> => expiringUntil(sql, until, expiringMax)

type Ending = Pick<SecretVersion, 'version' | 'enabled' | 'expires'>

/**
 * Waits for the end of what has become a secret's latest version. What waited for an earlier version, or for another
 * date, finds nothing to tell when its time comes.
 */
export async function awaitExpiry(turn: Turn, subject: string, { enabled, expires }: Ending): Promise<void> {
  if (enabled && expires !== undefined) await scheduleAt(turn, expiring, subject, expires - nearMs)
}

/** What is to be told of a version now: each once for a version and its date, the oldest first. */
export async function noticesDue(
  { sql, at }: Turn,
  secret: { readonly vault: string; readonly nameKey: string },
  { version, expires }: Ending,
): Promise<('secret-near-expiry' | 'secret-expired')[]> {
  if (expires === undefined) return []
  const due = (
    [
      ['secret-near-expiry', expires - nearMs],
      ['secret-expired', expires],
    ] as const
  ).filter(([, when]) => when <= at)
  const told: (typeof due)[number][0][] = []
  for (const [type] of due) if (await keepNotice(sql, { ...secret, version, type, expires })) told.push(type)
  if (told.length > 0) await dropNoticesBefore(sql, { ...secret, version })
  return told
}

/** When the next is to be told of a version, if anything is. */
export const nextNotice = ({ expires }: Ending, at: Instant): Instant | undefined =>
  expires === undefined ? undefined : [expires - nearMs, expires].find((when) => when > at)

/** Waits again for the ends of all secrets of a vault that was recovered. */
export async function resumeExpiry(turn: Turn, vault: string): Promise<void> {
  for (const { nameKey, expires } of await expiringIn(turn.sql, vault)) {
    await scheduleAt(turn, expiring, `${vault}/${nameKey}`, expires - nearMs)
  }
}

/** Forgets a name that is gone for good, or all in a vault. */
export async function forgetExpiry(turn: Turn, vault: string, nameKey?: string): Promise<void> {
  await dropNotices(turn.sql, vault, nameKey)
  if (nameKey === undefined) await unscheduleUnder(turn, expiring, `${vault}/`)
  else await unschedule(turn, expiring, `${vault}/${nameKey}`)
}
