import { start } from '@cardea/server/main'
import { settingsFrom } from '@cardea/server/settings'

/**
 * A server that kills itself, without a chance to tidy up, at the n-th moment around a step of a rotation. Its parent
 * says when to count from and to what number; 0 only counts, and tells of each.
 */
let killAt: number | undefined
let moments = 0
process.on('message', (wanted: { killAt: number }) => {
  killAt = wanted.killAt
  moments = 0
  process.send?.({ armed: true })
})

const cardea = await start(settingsFrom(process.env), {
  rotation: {
    // A tenth of a second of lease for a hundred seconds; the inequalities hold.
    times: {
      requestMs: 700,
      leaseMs: 1_500,
      clockErrorMs: 50,
      quarantineMs: 2_300,
      graceMs: 3_000,
      backoffFirstMs: 20,
      backoffMaxMs: 200,
      giveUpMs: 20_000,
      lookAgainMs: 100,
    },
    async onStep(step, when) {
      if (killAt === undefined) return
      moments += 1
      if (killAt === 0) process.send?.({ step, when })
      if (moments !== killAt) return
      process.kill(process.pid, 'SIGKILL')
      await new Promise(() => {})
    },
  },
})
process.send?.({ ready: true, port: cardea.port })
process.once('disconnect', () => void cardea.close().then(() => process.exit(0)))
