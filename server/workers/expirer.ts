import type { Event } from '#core/events/event.ts'
import { keepEvents } from '#core/events/events.ts'
import type { Base } from '#core/perform.ts'
import { hold, leaseMs, settle } from '#core/schedule/schedule.ts'
import { expiring } from '#core/secrets/expiry.ts'
import { tellExpiry } from '#core/secrets/secrets.ts'
import { liveVault } from '#core/vaults/vaults.ts'
import type { Work } from './worker.ts'

/** Tells that secrets near their end, and that they have come to it. */
export const expirer = (base: Base): Work => ({
  name: 'expirer',
  kind: expiring,
  concurrency: 4,
  leaseMs,
  async run(lease) {
    const [vaultName, name] = lease.subject.split('/') as [string, string]
    await base.database.write(async (turn) => {
      await hold(turn, lease)
      const vault = await liveVault(turn.sql, vaultName)
      const told: Event[] = []
      const next = vault && (await tellExpiry({ turn, tell: (event) => told.push(event) }, vault, name))
      await keepEvents(turn, told, base.outgoing)
      await settle(turn, lease, next)
    })
  },
})
