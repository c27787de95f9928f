import type { Database } from '#base/database.ts'
import type { Log } from '#base/log.ts'
import { gatherReadings } from '#core/journal/readings.ts'
import { Alarm, type Worker } from './worker.ts'

type Around<E> = { readonly database: Database<E>; readonly log: Log; readonly everyMs?: number }

/** So long at most after a reading, it stands in the list of readers. */
const usualMs = 5_000

/** Follows the journal and keeps who read what last. Looks from time to time: readings wake nobody. */
export function startReadingKeeper<E>({ database, log, everyMs = usualMs }: Around<E>): Worker {
  const alarm = new Alarm()
  let closing = false
  let failures = 0

  async function loop(): Promise<void> {
    while (!closing) {
      await alarm.rest(everyMs * (0.9 + Math.random() * 0.2))
      if (closing) return
      try {
        await gatherReadings(database)
        failures = 0
      } catch (error) {
        failures += 1
        if (failures === 1 || failures % 100 === 0) log.warn({ error, failures }, 'readings can’t be gathered')
      }
    }
  }

  const looping = loop()
  return {
    async close() {
      closing = true
      alarm.stop()
      await looping
    },
  }
}
