import { ConfigurationError } from '@cardea/client/errors'
import { Refusal } from '../command.ts'
import type { World } from '../world.ts'
import { type Doing, isToDo, type Plan, type Step } from './plan.ts'

export type Done = Step & {
  /** The version or etag that is in force now. */
  readonly after: string | null
  /** Why it couldn't be done. */
  readonly failed: string | null
}

const tellEvery = 50

/**
 * Does what a plan says, one after the other, and goes on where one can't be done. What is left when it is stopped is
 * found by the next plan.
 */
export async function applied(plan: Plan, world: World, stop: AbortSignal): Promise<Done[]> {
  const toDo = plan.filter(isToDo)
  const done: Done[] = []
  for (const doing of toDo) {
    if (stop.aborted) break
    done.push(await one(doing))
    if (done.length % tellEvery === 0 && done.length < toDo.length)
      world.tell(`${done.length} of ${toDo.length} are done`)
  }
  return done
}

async function one({ act, change: _change, ...step }: Doing): Promise<Done> {
  try {
    return { ...step, after: (await act?.()) ?? null, failed: null }
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof ConfigurationError)) throw error
    // Nobody is there, or nobody knows us: so it would be for all that follow.
    if (['unreachable', 'unauthenticated', 'untrusted', 'timeout'].includes(error.code)) throw error
    return { ...step, after: null, failed: error.message }
  }
}
