import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import { type DeadLetter, deadOf, reviveDead } from './delivery-rows.ts'
import type { Subscription } from './subscription.ts'
import { lookAfter } from './subscriptions.ts'

export type { DeadLetter } from './delivery-rows.ts'

/** More than so many are not shown, nor sent again, at once. */
const deadLettersMax = 1_000

/** What could not be delivered to a subscription, and is still kept, the oldest first. */
export const deadLettersOf = (sql: Sql, subscription: string): Promise<DeadLetter[]> =>
  deadOf(sql, subscription, deadLettersMax)

/** Has what could not be delivered sent again: all, or what is named. */
export async function replay(
  turn: Turn,
  subscription: Subscription,
  ids: readonly string[] | undefined,
): Promise<number> {
  const wanted = ids ?? (await deadLettersOf(turn.sql, subscription.id)).map(({ event }) => event)
  let count = 0
  for (const event of new Set(wanted)) if (await reviveDead(turn.sql, subscription.id, event, turn.at)) count += 1
  if (count > 0) await lookAfter(turn, subscription)
  return count
}
