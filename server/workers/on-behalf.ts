import type { Action } from '@cardea/contract/actions'
import { Fault } from '#base/fault.ts'
import { type Base, type Intent, perform, type Scope, type Writing } from '#core/perform.ts'
import { hold, type Lease, settle } from '#core/schedule/schedule.ts'
import type { Store } from '#core/vaults/store.ts'
import { liveStore } from '#core/vaults/vaults.ts'
import { absentMs } from './pause.ts'
import { underLease } from './under-lease.ts'

/** What somebody asked of a store, for later. */
type Errand<A extends Action> = {
  readonly intent: Intent<A>
  act(scope: Scope<A>): Promise<unknown>
  /** Whether it would fail so however often it is tried. */
  failsForGood(fault: Fault): boolean
  giveUp(hand: Writing, fault: Fault): Promise<void>
}

/** Does in a turn what somebody asked of a store, in their name and with the rights that they have now, or gives it up. */
export async function onBehalf<A extends Action>(
  base: Base,
  lease: Lease,
  store: Store,
  { intent, act, failsForGood, giveUp }: Errand<A>,
): Promise<void> {
  try {
    await perform(base, intent, async (scope) => {
      await hold(scope.turn, lease)
      await act(scope)
      await settle(scope.turn, lease, undefined)
    })
  } catch (error) {
    if (!(error instanceof Fault && failsForGood(error))) throw error
    await underLease(base, lease, async (hand) => {
      // Deleted since it was looked up, the store lets nobody in; that is no fault of whoever asked.
      if ((await liveStore(hand.sql, store.name)) === undefined) return hand.at + absentMs
      await giveUp(hand, error)
      return undefined
    })
  }
}
