import type { Change } from '@cardea/contract/cardea/changes'
import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import { cloudEvent, type Event } from './event.ts'
import { addChange, addOutgoing, changesAfter } from './event-rows.ts'

/**
 * Keeps what happened in the turn in which it happened: in the change journal, from which everybody learns, and, if
 * anyone outside is to be told, in the outbox. No event exists without its change, and no change without its event.
 */
export async function keepEvents(turn: Turn, told: readonly Event[], outgoing: boolean): Promise<void> {
  for (const event of told) {
    const sequence = turn.nextSequence()
    await addChange(turn.sql, { ...event, sequence, at: turn.at })
    if (outgoing) await addOutgoing(turn.sql, sequence, JSON.stringify(cloudEvent(event, sequence, turn.at)), turn.at)
  }
}

/** The changes in a vault or store after a sequence number, oldest first, at most `limit`. */
export const changesIn = (sql: Sql, scope: string, after: number, limit: number): Promise<Change[]> =>
  changesAfter(sql, scope, after, limit)
