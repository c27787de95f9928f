import { systemClock } from '@cardea/server/base/clock'
import { start } from '@cardea/server/main'
import { settingsFrom } from '@cardea/server/settings'

/** A server whose clock can be put ahead by its parent: what is due in months is due now. */
let aheadMs = 0
process.on('message', (wanted: { aheadMs: number }) => {
  aheadMs = wanted.aheadMs
  process.send?.({ aheadMs })
})

const cardea = await start(settingsFrom(process.env), { clock: () => systemClock() + aheadMs })
process.send?.({ ready: true, port: cardea.port })
process.once('disconnect', () => void cardea.close().then(() => process.exit(0)))
