import { inside } from '#core/audit/entry.ts'
import { creatorOf, fillSnapshot, forgetSnapshot, giveUpSnapshot, snapshotDue } from '#core/configuration/snapshots.ts'
import type { Base } from '#core/perform.ts'
import { leaseMs, partsOf } from '#core/schedule/schedule.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import { onBehalf } from './on-behalf.ts'
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
    if (store !== undefined && creator !== undefined)
      return onBehalf(base, lease, store, {
        intent: {
          caller: creator,
          action: 'snapshots/write',
          resource: store.resourceId,
          operation: 'SnapshotFill',
          circumstances: { ...inside, agent: 'cardea snapshot keeper' },
        },
        act: (scope) => fillSnapshot(scope, store, name),
        failsForGood: ({ code }) => code === 'forbidden',
        giveUp: (hand) => giveUpSnapshot(hand, store, name),
      })
    await underLease(base, lease, async ({ turn }) => {
      // While its store is deleted a snapshot waits for the store to be recovered, or purged with all that it has.
      if (store === undefined && (await creatorOf(turn.sql, storeName, name)) !== undefined) return turn.at + absentMs
      await forgetSnapshot(turn, storeName, name)
      return undefined
    })
  },
})
