import type { Database } from '#base/database.ts'
import type { Log } from '#base/log.ts'
import { gatherReadings } from '#core/journal/readings.ts'
import { startLoop } from './loop.ts'
import type { Worker } from './worker.ts'

type Around<E> = { readonly database: Database<E>; readonly log: Log; readonly everyMs?: number }

/** So long at most after a reading, it stands in the list of readers. */
const usualMs = 5_000

/** Follows the journal and keeps who read what last. Looks from time to time: readings wake nobody. */
export const startReadingKeeper = <E>({ database, log, everyMs = usualMs }: Around<E>): Worker =>
  startLoop({ everyMs, log, trouble: 'readings can’t be gathered' }, () => gatherReadings(database))
