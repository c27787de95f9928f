import type { Action } from '@cardea/contract/actions'
import type { Clock, Instant } from '#base/clock.ts'
import { type Database, StaleEpoch, type Turn } from '#base/database.ts'
import { Fault, faultOf } from '#base/fault.ts'
import { networkOf } from '#base/network.ts'
import { oneLine } from '#base/one-line.ts'
import type { Sql } from '#base/sql.ts'
import type { AccessBook, Permit, Wish } from '#core/access/access.ts'
import type { AuditEntry, AuditOutcome, Circumstances } from '#core/audit/entry.ts'
import type { Strangers } from '#core/audit/strangers.ts'
import type { Event } from '#core/events/event.ts'
import { keepEvents, type Outgoing, type Told } from '#core/events/events.ts'
import type { Caller } from '#core/identity/caller.ts'
import { FencedOut } from '#core/schedule/schedule.ts'
import type { Keyring } from '#core/sealing/keyring.ts'

/** What everything stands on. */
export type Base = {
  readonly database: Database<AuditEntry>
  readonly keyring: Keyring
  readonly access: AccessBook
  readonly clock: Clock
  /** How those outside are told of what happens. */
  readonly outgoing: Outgoing
  /** How much is kept of what is refused to those who proved nothing. */
  readonly strangers: Strangers
}

/** Who wants to do what to what, and how the journal will call it. */
export type Intent<A extends Action> = Wish<A> & {
  /** The operation's id: `SecretGet`, `RotationRun`. */
  readonly operation: string
  readonly circumstances: Circumstances
}

/** What a reader is handed: committed state, and proof that it may look. */
export type Sight<A extends Action> = {
  readonly sql: Sql
  readonly at: Instant
  readonly permit: Permit<A>
  readonly keyring: Keyring
  /** Says which version of the resource was met; the journal names it behind the resource. */
  meet(version: string): void
}

/** What an act is handed: a sight of the state inside its turn, and the means to change it. */
export type Scope<A extends Action> = Sight<A> & {
  readonly turn: Turn
  /** Says that a resource within the one that was asked about was changed; the journal has an entry for each, if all is done. */
  touch(resource: string): void
  /** Says what happened; it is kept in the same turn, under the number that is returned. */
  tell(event: Event): number
  /**
   * Whether somebody else than who asks may read a thing now: for what is done by the rights of whoever arranged it. The
   * journal has an entry of that reading, or of its refusal, beside those of the act.
   */
  mayRead(reading: Reading): Promise<boolean>
}

/** A reading within an act, by the right of somebody who isn't there. */
export type Reading = {
  readonly caller: Caller
  readonly action: 'secrets/get'
  readonly resource: string
  readonly version: string
  /** How the journal calls it. */
  readonly operation: string
}

export type Entry = Omit<AuditEntry, 'at'>

/** The means to change something that is allowed, for what an act does itself and for workers that act by nobody's rights. */
export type Writing = Pick<Scope<never>, 'sql' | 'turn' | 'at' | 'keyring' | 'tell' | 'mayRead'>

/** What comes of a turn for others: what they are told, and what the journal has of readings within it. */
export type Outcome = { readonly told: Told[]; readonly readings: Entry[] }

/** The means to change something in a turn; what comes of it for others is gathered, for whoever keeps it with the change. */
export function writingIn(
  { access, keyring }: Pick<Base, 'access' | 'keyring'>,
  turn: Turn,
  correlation: string,
  { told, readings }: Outcome,
): Writing {
  const circumstances = { address: '', correlation, agent: 'cardea' }
  return {
    ...{ turn, sql: turn.sql, at: turn.at, keyring },
    tell(event) {
      const sequence = turn.nextSequence()
      told.push({ ...event, sequence })
      return sequence
    },
    async mayRead({ version, ...wish }) {
      const isAllowed = await access.allowsIn(turn, wish)
      readings.push(entryFor({ ...wish, circumstances }, isAllowed ? 'done' : 'forbidden', version))
      return isAllowed
    },
  }
}

const entryFor = (
  { operation, resource, caller, circumstances }: Omit<Intent<Action>, 'action'>,
  outcome: AuditOutcome,
  version?: string,
): Omit<AuditEntry, 'at'> => {
  // Nothing has such a sign in its id: with another in its place, an id is still nobody's, and PostgreSQL can look for it.
  const about = oneLine(resource)
  const exactly = version === undefined ? about : `${about}/${version}`
  return { operation, resource: exactly, caller, circumstances, outcome }
}

/** How the journal has it when a deed failed; a worker that was overtaken has met a conflict, and nothing is broken. */
const outcomeOf = (error: unknown): AuditOutcome => (error instanceof FencedOut ? 'conflict' : faultOf(error).code)

/**
 * The one way to change anything. Permission, change, events and audit entry are one transaction: all of it happened,
 * or none of it did and the entry says why. HTTP, the rotation engine and the command line all come through here.
 */
export function perform<A extends Action, R>(
  base: Base,
  intent: Intent<A>,
  act: (scope: Scope<A>) => Promise<R>,
): Promise<R> {
  let met: string | undefined
  const touched: string[] = []
  const readings: Entry[] = []
  return base.database.write(
    async (turn) => {
      const permit = await base.access.permitIn(turn, intent)
      const told: Told[] = []
      const result = await act({
        ...writingIn(base, turn, intent.circumstances.correlation, { told, readings }),
        permit,
        meet: (version) => {
          met = version
        },
        touch: (resource) => void touched.push(resource),
      })
      await keepEvents(turn, told, base.outgoing)
      return result
    },
    (at, outcome) => {
      if ('failed' in outcome) return [{ ...entryFor(intent, outcomeOf(outcome.failed), met), at }]
      const parts = touched.map((resource) => entryFor({ ...intent, resource }, 'done'))
      return [entryFor(intent, 'done', met), ...parts, ...readings].map((entry) => ({ ...entry, at }))
    },
  )
}

/** Access changing more often than this while one read is decided would be an attack; the reader comes again later. */
const decisionsMax = 8
const changingMs = 1_000

/**
 * The one way to read. What was read is handed out only after the entry of its reading is durable (promise P1), and only
 * if the permission still stood then (P6): otherwise it is decided anew. Reads of the same moment share one commit.
 */
export async function observe<A extends Action, R>(
  base: Base,
  intent: Intent<A>,
  look: (sight: Sight<A>) => Promise<R>,
): Promise<R> {
  const { database, keyring, access } = base
  let met: string | undefined
  const meet = (version: string) => {
    met = version
  }
  for (let decisions = 0; decisions < decisionsMax; decisions += 1) {
    const { epoch } = database
    met = undefined
    let seen: { done: R } | { failed: unknown }
    try {
      const permit = await access.permitAt(database, epoch, intent)
      seen = { done: await look({ sql: database.read, at: base.clock(), permit, keyring, meet }) }
    } catch (failed) {
      seen = { failed }
    }
    try {
      await database.witness(entryFor(intent, 'done' in seen ? 'done' : outcomeOf(seen.failed), met), epoch)
    } catch (error) {
      if (error instanceof StaleEpoch) continue
      throw error
    }
    if ('failed' in seen) throw seen.failed
    return seen.done
  }
  await database.witness(entryFor(intent, 'throttled'), undefined)
  const words = 'Who may do what changes too often to decide this now. Try again.'
  throw new Fault('throttled', words, { retryMs: String(changingMs) })
}

/**
 * Keeps an entry of something that needed no permission, or never came so far as to ask for one. What was refused to nobody in
 * particular may be summed with its like, so that nobody fills the journal's disk who has nothing to lose.
 */
export async function attest(base: Base, deed: Omit<Intent<Action>, 'action'>, outcome: AuditOutcome): Promise<void> {
  const isRefusal = outcome !== 'done' && deed.caller.objectId === ''
  if (isRefusal && !base.strangers.admit(networkOf(deed.circumstances.address))) return
  await base.database.witness(entryFor(deed, outcome), undefined)
}
