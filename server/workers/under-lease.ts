import type { Instant } from '#base/clock.ts'
import { keepEvents, type Told } from '#core/events/events.ts'
import { type Base, type Entry, type Writing, writingIn } from '#core/perform.ts'
import { hold, type Lease, settle } from '#core/schedule/schedule.ts'

/** What work under a lease is handed: the means to change what it is about, and to say so in the journal. */
type Hand = Writing & {
  /** Has the journal have an entry, if all is done. */
  enter(entry: Entry): void
}

/**
 * A turn of a worker that acts by nobody's rights, and must not be done twice: it proves the lease, changes what it changes, keeps
 * what is told of it, and gives the lease back; to be looked at again when the work says so, else for good.
 */
export function underLease(
  base: Base,
  lease: Lease,
  work: (hand: Hand) => Promise<Instant | undefined>,
): Promise<void> {
  const [entries, readings]: [Entry[], Entry[]] = [[], []]
  return base.database.write(
    async (turn) => {
      await hold(turn, lease)
      const told: Told[] = []
      const enter = (entry: Entry) => void entries.push(entry)
      const next = await work({ ...writingIn(base, turn, '', { told, readings }), enter })
      await keepEvents(turn, told, base.outgoing)
      await settle(turn, lease, next)
    },
    (at, outcome) => ('done' in outcome ? [...entries, ...readings].map((entry) => ({ ...entry, at })) : []),
  )
}
