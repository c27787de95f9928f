import { Fault, type FaultCode } from '#base/fault.ts'
import { inside } from '#core/audit/entry.ts'
import type { ChangeSet } from '#core/configuration/change-set.ts'
import {
  activateChangeSet,
  changeSetDue,
  changeSetIn,
  failChangeSet,
  isChangeSet,
  waitingChangeSet,
} from '#core/configuration/change-sets.ts'
import type { House } from '#core/configuration/configuration.ts'
import { historyTrimming, trimHistory } from '#core/configuration/history.ts'
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
import type { Store } from '#core/vaults/vault.ts'
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

/** Applies the change sets whose time has come, as those who made them and with the rights that they have now. */
export const changeSetKeeper = ({ base, vaults, domain }: Around & House): Work => ({
  name: 'change set keeper',
  kind: changeSetDue,
  concurrency: 2,
  leaseMs,
  async run(lease) {
    const { store: name, id } = changeSetIn(lease.subject)
    const sql = base.database.read
    const store = await vaults.store(name)
    const set = store && (await waitingChangeSet({ sql, keyring: base.keyring }, store, id))
    if (store !== undefined && set !== undefined && set.activates !== undefined && set.activates <= base.clock())
      return activate(base, lease, store, set, { domain })
    await base.database.write(async (turn) => {
      await hold(turn, lease)
      // While its store is deleted a change set waits for the store to be recovered, or purged with all that it has.
      const absent = store === undefined && (await isChangeSet(turn.sql, name, id))
      await settle(turn, lease, absent ? turn.at + absentMs : set?.activates)
    })
  },
})
/** How often it is looked whether a deleted store is back. */
const absentMs = 60_000

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
    await base.database.write(async (turn) => {
      await hold(turn, lease)
      await failChangeSet(turn, base.keyring, store, set.id, error.message)
      await settle(turn, lease, undefined)
    })
  }
}
/** What is no fault of the change set, and is tried again. */
const passing: ReadonlySet<FaultCode> = new Set<FaultCode>(['unavailable', 'internal', 'throttled'])

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
