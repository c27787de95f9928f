import type { FaultCode } from '#base/fault.ts'
import { inside } from '#core/audit/entry.ts'
import { activateChangeSet, changeSetDue, failChangeSet } from '#core/configuration/change-sets.ts'
import type { House } from '#core/configuration/configuration.ts'
import { isChangeSet, waitingChangeSet } from '#core/configuration/kept-change-sets.ts'
import type { Base } from '#core/perform.ts'
import { leaseMs, partsOf } from '#core/schedule/schedule.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import { onBehalf } from './on-behalf.ts'
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
      return onBehalf(base, lease, store, {
        intent: {
          caller: set.creator,
          action: 'settings/write',
          resource: store.resourceId,
          reach: 'within',
          operation: 'ChangeSetActivate',
          circumstances: { ...inside, agent: 'cardea change set keeper' },
        },
        act: (scope) => activateChangeSet(scope, store, id, { domain }),
        failsForGood: ({ code }) => !passing.has(code),
        giveUp: (hand, { message }) => failChangeSet(hand, store, id, message),
      })
    await underLease(base, lease, async ({ turn }) => {
      // While its store is deleted a change set waits for the store to be recovered, or purged with all that it has.
      const absent = store === undefined && (await isChangeSet(turn.sql, name, id))
      return absent ? turn.at + absentMs : set?.activates
    })
  },
})
/** What is no fault of the change set, and is tried again. */
const passing: ReadonlySet<FaultCode> = new Set<FaultCode>(['unavailable', 'internal', 'throttled'])
