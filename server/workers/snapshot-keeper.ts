import { Fault } from '#base/fault.ts'
import { inside } from '#core/audit/entry.ts'
import { creatorOf, fillSnapshot, forgetSnapshot, giveUpSnapshot, snapshotDue } from '#core/configuration/snapshots.ts'
import { type Base, perform } from '#core/perform.ts'
import { hold, type Lease, leaseMs, partsOf, settle } from '#core/schedule/schedule.ts'
import type { Store } from '#core/vaults/store.ts'
import { liveStore, type VaultBook } from '#core/vaults/vaults.ts'
import { absentMs } from './pause.ts'
import { underLease } from './under-lease.ts'
import type { Work } from './worker.ts'

/** Fills the snapshots that were asked for, as those who asked, and forgets those that are over. */
export const snapshotKeeper = ({ base, vaults }: { readonly base: Base; readonly vaults: VaultBook }): Work => ({
  name: 'snapshot keeper',
  kind: snapshotDue,
  concurrency: 2,
  leaseMs,
  async run(lease) {
    const [storeName, name] = partsOf(lease.subject)
    const store = await vaults.store(storeName)
    const creator = await creatorOf(base.database.read, storeName, name)
    if (store !== undefined && creator !== undefined) return fill(base, lease, store, name, creator)
    await underLease(base, lease, async ({ turn }) => {
      // While its store is deleted a snapshot waits for the store to be recovered, or purged with all that it has.
      if (store === undefined && (await creatorOf(turn.sql, storeName, name)) !== undefined) return turn.at + absentMs
      await forgetSnapshot(turn, storeName, name)
      return undefined
    })
  },
})

async function fill(
  base: Base,
  lease: Lease,
  store: Store,
  name: string,
  caller: { readonly objectId: string; readonly appId: string },
): Promise<void> {
  const intent = {
    caller,
    action: 'snapshots/write',
    resource: store.resourceId,
    operation: 'SnapshotFill',
    circumstances: { ...inside, agent: 'cardea snapshot keeper' },
  } as const
  try {
    await perform(base, intent, async (scope) => {
      await hold(scope.turn, lease)
      await fillSnapshot(scope, store, name)
      await settle(scope.turn, lease, undefined)
    })
  } catch (error) {
    if (!(error instanceof Fault && error.code === 'forbidden')) throw error
    await underLease(base, lease, async (hand) => {
      // Deleted since it was looked up, the store lets nobody in; that is no fault of whoever asked.
      if ((await liveStore(hand.sql, store.name)) === undefined) return hand.at + absentMs
      await giveUpSnapshot(hand, store, name)
      return undefined
    })
  }
}
