import { start } from '@cardea/server/main'
import { settingsFrom } from '@cardea/server/settings'

/**
 * A server that kills itself, without a chance to tidy up, around steps of its rotations. Its parent says at which
 * moment of which secret's rotation; whatever reaches its moment stands still there, and once all have, the process
 * dies. So one death is that of many rotations, each of them right before or right after a step of its own.
 */
export type Moment = {
  readonly step: string
  readonly when: 'before' | 'after'
  /** A step may come several times in one rotation: the first is 1. */
  readonly nth: number
}
/** By the name of the secret. Where nothing is to be killed, each moment is told. */
export type Orders = { readonly kills: Readonly<Record<string, Moment>> }
export type Told = { readonly secret: string; readonly reached: boolean } & Moment

let kills: Orders['kills'] | undefined
/** How often each step was met in the rotation that is under way, by the name of the secret. */
const met = new Map<string, Map<string, number>>()
const standing = new Set<string>()
process.on('message', (orders: Orders) => {
  kills = orders.kills
  met.clear()
  standing.clear()
  process.send?.({ armed: true })
})

const forever = () => new Promise<never>(() => {})
const tell = (told: Told) => new Promise<void>((resolve) => process.send?.(told, () => resolve()))

const cardea = await start(settingsFrom(process.env), {
  rotation: {
    // Whoever stands still keeps hands busy, also those of who takes its lease up meanwhile.
    concurrency: 100,
    // A tenth of a second of lease for a hundred seconds; the inequalities hold.
    times: {
      requestMs: 900,
      leaseMs: 1_900,
      clockErrorMs: 50,
      quarantineMs: 2_900,
      graceMs: 3_500,
      backoffFirstMs: 20,
      backoffMaxMs: 200,
      giveUpMs: 300_000,
      lookAgainMs: 100,
    },
    async onStep(step, when, subject) {
      if (kills === undefined) return
      const secret = subject.slice(subject.indexOf('/') + 1)
      // Its lease may end meanwhile, and somebody take it up: they don't get any further.
      if (standing.has(secret)) return forever()
      const counts = met.get(secret) ?? new Map<string, number>()
      const nth = (counts.get(`${when} ${step}`) ?? 0) + 1
      met.set(secret, counts.set(`${when} ${step}`, nth))
      if (when === 'after' && (step === 'done' || step === 'aborted')) met.delete(secret)
      const moment = kills[secret]
      const reached = moment?.step === step && moment.when === when && moment.nth === nth
      const armed = Object.keys(kills).length
      if (armed === 0) process.send?.({ secret, step, when, nth, reached } satisfies Told)
      if (!reached) return
      standing.add(secret)
      await tell({ secret, step, when, nth, reached })
      if (standing.size === armed) process.kill(process.pid, 'SIGKILL')
      return forever()
    },
  },
})
process.send?.({ ready: true, port: cardea.port })
process.once('disconnect', () => void cardea.close().then(() => process.exit(0)))
