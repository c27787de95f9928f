import { Fault } from '#base/fault.ts'
import { inside } from '#core/audit/entry.ts'
import { historyTrimming, trimHistory } from '#core/configuration/configuration.ts'
import {
  creatorOf,
  fillSnapshot,
  forgetSnapshot,
  giveUpSnapshot,
  snapshotDue,
  snapshotIn,
} from '#core/configuration/snapshots.ts'
import { type Base, perform } from '#core/perform.ts'
import { hold, type Lease, leaseMs, settle } from '#core/schedule/schedule.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import type { Work } from './worker.ts'

type Around = { readonly base: Base; readonly vaults: VaultBook }

/** Fills the snapshots that were asked for, as those who asked, and forgets those that are over. */
export const snapshotKeeper = ({ base, vaults }: Around): Work => ({
  name: 'snapshot keeper',
  kind: snapshotDue,
  concurrency: 2,
  leaseMs,
  async run(lease) {
    const { store, name } = snapshotIn(lease.subject)
    const creator = await creatorOf(base.database.read, store, name)
    if (creator !== undefined) return fill({ base, vaults }, lease, store, name, creator)
    await base.database.write(async (turn) => {
      await hold(turn, lease)
      await forgetSnapshot(turn, store, name)
      await settle(turn, lease, undefined)
    })
  },
})

async function fill(
  { base, vaults }: Around,
  lease: Lease,
  storeName: string,
  name: string,
  caller: { readonly objectId: string; readonly appId: string },
): Promise<void> {
  const store = await vaults.store(storeName)
  if (store === undefined) throw new Error(`There is no store ${storeName} for its snapshot`)
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
    await base.database.write(async (turn) => {
      await hold(turn, lease)
      await giveUpSnapshot(turn, store, name, base.outgoing)
      await settle(turn, lease, undefined)
    })
  }
}

/** Forgets what settings were so long ago that nobody may ask for it. */
export const historyKeeper = ({ database }: Base): Work => ({
  name: 'history keeper',
  kind: historyTrimming,
  concurrency: 1,
  leaseMs,
  async run(lease) {
    await database.write(async (turn) => {
      await hold(turn, lease)
      await settle(turn, lease, await trimHistory(turn))
    })
  },
})
