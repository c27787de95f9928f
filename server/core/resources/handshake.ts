import { timingSafeEqual } from 'node:crypto'
import type { Base } from '#core/perform.ts'
import type { Subscription } from '#core/subscriptions/subscription.ts'
import { keepAnswer, subscriptionId, subscriptionWith } from '#core/subscriptions/subscriptions.ts'
import { openDestination } from './event-subscriptions.ts'

/** For so long a receiver may say by the address it was given that it wants events, as in Event Grid. */
export const answerMs = 600_000

const waits = ({ state }: Subscription): boolean => state !== 'Succeeded' && state !== 'Failed'

/**
 * Somebody came by the address that only the receiver was told: it wants events. Gives the subscription's id; undefined
 * for one that doesn't wait for this, or not for this word.
 */
export async function answerByUrl({ database, keyring }: Base, id: string, token: string): Promise<string | undefined> {
  const subscription = await subscriptionWith(database.read, id)
  if (subscription === undefined || !waits(subscription)) return undefined
  const destination = await openDestination(database.read, keyring, subscription)
  if (destination === undefined || !same(destination.token, token)) return undefined
  const said = { state: 'Succeeded', trouble: undefined, answerUntil: undefined } as const
  const { answerUntil = Infinity } = subscription
  const kept = await database.write(async (turn) => turn.at <= answerUntil && keepAnswer(turn, subscription, said))
  return kept ? subscriptionId(subscription) : undefined
}

function same(kept: string, given: string): boolean {
  const [a, b] = [Buffer.from(kept), Buffer.from(given)]
  return a.length > 0 && a.length === b.length && timingSafeEqual(a, b)
}
