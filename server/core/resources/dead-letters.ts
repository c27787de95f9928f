import type { Scope, Sight } from '#core/perform.ts'
import { type DeadLetter, deadLettersOf, replay } from '#core/subscriptions/dead-letters.ts'
import { type Address, foundSubscription } from './event-subscriptions.ts'

/** What could not be delivered to a subscription, the oldest first. */
export const listDeadLetters = async (
  { sql }: Sight<'event-subscriptions/read-dead-letters'>,
  address: Address,
): Promise<DeadLetter[]> => deadLettersOf(sql, (await foundSubscription(sql, address)).id)

/** Has what could not be delivered sent again, as if it had happened now; tells how many events that are. */
export const replayDeadLetters = async (
  { sql, turn }: Scope<'event-subscriptions/write'>,
  address: Address,
  ids: readonly string[] | undefined,
): Promise<number> => replay(turn, await foundSubscription(sql, address), ids)
