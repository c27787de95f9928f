import type { Turn } from '#base/database.ts'
import type { Event } from '#core/events/event.ts'
import { keepEvents } from '#core/events/events.ts'
import { absentReader, type Base, type Entry } from '#core/perform.ts'
import { hold, leaseMs, settle } from '#core/schedule/schedule.ts'
import { settleSecret, settling } from '#core/secrets/secrets.ts'
import { vaultNamed } from '#core/vaults/vaults.ts'
import type { Work } from './worker.ts'

/** Has delayed deletions, recoveries and purges seen when their time has come. Without delays it never has anything to do. */
export const settler = (base: Base): Work => ({
  name: 'settler',
  kind: settling,
  concurrency: 4,
  leaseMs,
  async run(lease) {
    const [vaultName, name] = lease.subject.split('/') as [string, string]
    const readings: Entry[] = []
    const settled = async (turn: Turn) => {
      await hold(turn, lease)
      // Also in a vault that is deleted meanwhile: it may come back.
      const vault = await vaultNamed(turn.sql, vaultName)
      const told: Event[] = []
      const { sql, at } = turn
      const tell = (event: Event) => told.push(event)
      const mayRead = absentReader(base, turn, '', readings)
      if (vault !== undefined) await settleSecret({ sql, turn, at, keyring: base.keyring, tell, mayRead }, vault, name)
      await keepEvents(turn, told, base.outgoing)
      await settle(turn, lease, undefined)
    }
    await base.database.write(settled, (at, outcome) =>
      'done' in outcome ? readings.map((entry) => ({ ...entry, at })) : [],
    )
  },
})
