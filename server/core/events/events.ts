import type { Change } from '@cardea/contract/cardea/changes'
import type { Database, Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import { cloudEvent, type Event } from './event.ts'
import {
  addChange,
  addOutgoing,
  changesAfter,
  nextOutgoing,
  type Outgoing,
  outgoingDue,
  postponeOutgoing,
  removeChangesIn,
  removeOutgoing,
} from './event-rows.ts'

export type { Outgoing } from './event-rows.ts'

/** An event, and its number in the journal if it was given one already. */
export type Told = Event & { readonly sequence?: number }

/**
 * Keeps what happened in the turn in which it happened: in the change journal, from which everybody learns, and, if
 * anyone outside is to be told, in the outbox. No event exists without its change, and no change without its event.
 */
export async function keepEvents(turn: Turn, told: readonly Told[], outgoing: boolean): Promise<void> {
  for (const { sequence = turn.nextSequence(), ...event } of told) {
    await addChange(turn.sql, { ...event, sequence, at: turn.at })
    if (outgoing) await addOutgoing(turn.sql, sequence, JSON.stringify(cloudEvent(event, sequence, turn.at)), turn.at)
  }
}

/** The changes in a vault or store after a sequence number, oldest first, at most `limit`. */
export const changesIn = (sql: Sql, scope: string, after: number, limit: number): Promise<Change[]> =>
  changesAfter(sql, scope, after, limit)

/** Forgets what happened in a vault or store that is gone for good: another of its name has a history of its own. */
export const forgetChanges = ({ sql }: Turn, scope: string): Promise<void> => removeChangesIn(sql, scope)

/** Takes events that are to be carried out of the house, oldest first; until `heldMs` have passed nobody else gets them. */
export async function takeOutgoing<E>(
  database: Database<E>,
  at: number,
  heldMs: number,
  limit: number,
): Promise<Outgoing[]> {
  if ((await outgoingDue(database.read, at, 1)).length === 0) return []
  return database.write(async ({ sql, at }) => {
    const taken = await outgoingDue(sql, at, limit)
    for (const { sequence } of taken) await postponeOutgoing(sql, sequence, at + heldMs)
    return taken
  })
}

/** When the next event is to be carried out, if any waits. */
export const nextOutgoingAt = (sql: Sql): Promise<number | undefined> => nextOutgoing(sql)

/** An event was delivered, or is never to be. */
export const dropOutgoing = <E>(database: Database<E>, sequence: number): Promise<void> =>
  database.write(({ sql }) => removeOutgoing(sql, sequence))

/** Events that could not be delivered now, to be tried again in a while. */
export const returnOutgoing = <E>(database: Database<E>, sequences: readonly number[], inMs: number): Promise<void> =>
  database.write(async ({ sql, at }) => {
    for (const sequence of sequences) await postponeOutgoing(sql, sequence, at + inMs)
  })
