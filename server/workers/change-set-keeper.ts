import { Fault, type FaultCode } from '#base/fault.ts'
import { inside } from '#core/audit/entry.ts'
import type { ChangeSet } from '#core/configuration/change-set.ts'
import { activateChangeSet, changeSetDue, failChangeSet } from '#core/configuration/change-sets.ts'
import type { House } from '#core/configuration/configuration.ts'
import { isChangeSet, waitingChangeSet } from '#core/configuration/kept-change-sets.ts'
import { type Base, perform } from '#core/perform.ts'
import { hold, type Lease, leaseMs, partsOf, settle } from '#core/schedule/schedule.ts'
import type { Store } from '#core/vaults/store.ts'
import { liveStore, type VaultBook } from '#core/vaults/vaults.ts'
import { absentMs } from './pause.ts'
import { underLease } from './under-lease.ts'
import type { Work } from './worker.ts'

type ChangeSetKeeper = House & { readonly base: Base; readonly vaults: VaultBook }

/** Applies the change sets whose time has come, as those who made them and with the rights that they have now. */
export const changeSetKeeper = ({ base, vaults, domain }: ChangeSetKeeper): Work => ({
  name: 'change set keeper',
  kind: changeSetDue,
  concurrency: 2,
  leaseMs,
  async run(lease) {
    const [name, id] = partsOf(lease.subject)
    const sql = base.database.read
    const store = await vaults.store(name)
    const set = store && (await waitingChangeSet({ sql, keyring: base.keyring }, store, id))
    if (store !== undefined && set !== undefined && set.activates !== undefined && set.activates <= base.clock())
      return activate(base, lease, store, set, { domain })
    await underLease(base, lease, async ({ turn }) => {
      // While its store is deleted a change set waits for the store to be recovered, or purged with all that it has.
      const absent = store === undefined && (await isChangeSet(turn.sql, name, id))
      return absent ? turn.at + absentMs : set?.activates
    })
  },
})

async function activate(base: Base, lease: Lease, store: Store, set: ChangeSet, house: House): Promise<void> {
  const intent = {
    caller: set.creator,
    action: 'settings/write',
    resource: store.resourceId,
    reach: 'within',
    operation: 'ChangeSetActivate',
    circumstances: { ...inside, agent: 'cardea change set keeper' },
  } as const
  try {
    await perform(base, intent, async (scope) => {
      await hold(scope.turn, lease)
      await activateChangeSet(scope, store, set.id, house)
      await settle(scope.turn, lease, undefined)
    })
  } catch (error) {
    if (!(error instanceof Fault) || passing.has(error.code)) throw error
    await underLease(base, lease, async (hand) => {
      // Deleted since it was looked up, the store lets nobody in; that is no fault of the change set.
      if ((await liveStore(hand.sql, store.name)) === undefined) return hand.at + absentMs
      await failChangeSet(hand, store, set.id, error.message)
      return undefined
    })
  }
}
/** What is no fault of the change set, and is tried again. */
const passing: ReadonlySet<FaultCode> = new Set<FaultCode>(['unavailable', 'internal', 'throttled'])
