import { randomUUID } from 'node:crypto'
import type { Turn } from '#base/database.ts'
import type { Sql } from '#base/sql.ts'
import { enqueue, type Happening, Listeners } from '#core/subscriptions/subscriptions.ts'
import { type Addresses, cloudEvent, type Event, isChange } from './event.ts'
import { addChange, changesAfter, type KeptChange, removeChangesIn } from './event-rows.ts'

export type { KeptChange } from './event-rows.ts'

/** An event, and its number in the journal if it was given one already. */
export type Told = Event & { readonly sequence?: number }

/** What it takes to tell those outside: by what addresses they know us, and who they are. */
export class Outgoing {
  readonly addresses: Addresses
  readonly listeners = new Listeners()

  constructor(addresses: Addresses) {
    this.addresses = addresses
  }
}

/**
 * Keeps what happened in the turn in which it happened: in the change journal, from which everybody learns, and for
 * everybody outside who wants to be told. No event exists without its change, and no change without its event.
 */
export async function keepEvents(turn: Turn, told: readonly Told[], { addresses, listeners }: Outgoing): Promise<void> {
  const happenings: Happening[] = []
  const isHeard = told.length > 0 && (await listeners.in(turn)).length > 0
  for (const { sequence = turn.nextSequence(), ...event } of told) {
    if (isChange(event)) await addChange(turn.sql, { ...event, sequence, at: turn.at })
    if (!isHeard) continue
    const kept = cloudEvent(event, { id: randomUUID(), sequence, at: turn.at }, addresses)
    happenings.push({ event: kept, number: sequence, resource: event.resource, target: event.target })
  }
  await enqueue(turn, happenings, listeners)
}

/** The changes in a vault or store after a sequence number, oldest first, at most `limit`. */
export const changesIn = (sql: Sql, scope: string, after: number, limit: number): Promise<KeptChange[]> =>
  changesAfter(sql, scope, after, limit)

/** Forgets what happened in a vault or store that is gone for good: another of its name has a history of its own. */
export const forgetChanges = ({ sql }: Turn, scope: string): Promise<void> => removeChangesIn(sql, scope)
