import { type Lease, settle } from '#core/schedule/schedule.ts'
import { look } from './look.ts'
import { type Engine, stepped } from './steps.ts'
import { take } from './work.ts'

/**
 * Drives rotations. Each step is one turn, fenced by the lease and by the state that it found; what is asked of a
 * provider happens between turns, and what it answers is never more than a reason to ask `probe`. So a worker may die
 * before or after any of them: the next one reads the rows and goes on with the same candidate.
 */

/** Goes on with the secret that a lease names, until there is nothing to do now. The lease is given back. */
export async function advance(engine: Engine, lease: Lease, closing: AbortSignal): Promise<void> {
  for (;;) {
    const seen = await stepped(engine, lease, 'look', () => look(engine, lease))
    if (seen === 'settled') return
    if (closing.aborted) return engine.base.database.write((turn) => settle(turn, lease, turn.at))
    if (seen === 'again') continue
    if ((await take(engine, lease, seen)) === 'settled') return
  }
}
