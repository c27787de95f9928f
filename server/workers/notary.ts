import { checkpointEveryMs, checkpointing, makeCheckpoint, type SignedCheckpoint } from '#core/audit/checkpoint.ts'
import type { Base } from '#core/perform.ts'
import { hold, leaseMs, settle } from '#core/schedule/schedule.ts'
import type { Work } from './worker.ts'

/** Where checkpoints are kept besides the database. */
export type KeepCheckpoint = (checkpoint: SignedCheckpoint) => void

/** Signs how far the journal of deeds has come, once a minute while it grows, and hands each checkpoint out of the house. */
export const notary = ({ database, keyring }: Base, keep: KeepCheckpoint): Work => ({
  name: 'notary',
  kind: checkpointing,
  concurrency: 1,
  leaseMs,
  async run(lease) {
    const checkpoint = await database.write(async (turn) => {
      await hold(turn, lease)
      await settle(turn, lease, turn.at + checkpointEveryMs)
      return makeCheckpoint(turn, keyring)
    })
    if (checkpoint !== undefined) keep(checkpoint)
  },
})
