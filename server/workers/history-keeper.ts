import { historyTrimming, trimHistory } from '#core/configuration/history.ts'
import type { Base } from '#core/perform.ts'
import { leaseMs } from '#core/schedule/schedule.ts'
import { underLease } from './under-lease.ts'
import type { Work } from './worker.ts'

/** Forgets what settings were so long ago that nobody may ask for it. */
export const historyKeeper = (base: Base): Work => ({
  name: 'history keeper',
  kind: historyTrimming,
  concurrency: 1,
  leaseMs,
  run: (lease) => underLease(base, lease, ({ turn }) => trimHistory(turn)),
})
