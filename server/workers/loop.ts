import type { Log } from '#base/log.ts'
import { Alarm, type Worker } from './worker.ts'

type Looping = {
  /** How long it rests between, more or less: nodes don't do the same at the same moment. */
  readonly everyMs: number
  readonly log: Log
  /** What the log says when it fails. */
  readonly trouble: string
}

/** So many failures in a row are said in one line. */
const failuresSaid = 100

/** Does something again and again while the server runs. What fails is said, at first and then now and then, and done again next time. */
export function startLoop({ everyMs, log, trouble }: Looping, deed: () => Promise<unknown>): Worker {
  const alarm = new Alarm()
  let closing = false
  let failures = 0

  async function loop(): Promise<void> {
    while (!closing) {
      await alarm.rest(everyMs * (0.9 + Math.random() * 0.2))
      if (closing) return
      try {
        await deed()
        failures = 0
      } catch (error) {
        failures += 1
        if (failures % failuresSaid === 1) log.warn({ error, failures }, trouble)
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
