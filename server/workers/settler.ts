import type { Turn } from '#base/database.ts'
import { life as certificates, settleCertificate } from '#core/certificates/certificates.ts'
import type { Event } from '#core/events/event.ts'
import { keepEvents } from '#core/events/events.ts'
import { life as keys, settleKey } from '#core/keys/keys.ts'
import { absentReader, type Base, type Entry } from '#core/perform.ts'
import { hold, leaseMs, settle } from '#core/schedule/schedule.ts'
import { life as secrets, settleSecret } from '#core/secrets/secrets.ts'
import type { Writing } from '#core/secrets/writing.ts'
import type { ManagedVault } from '#core/vaults/vault.ts'
import { vaultNamed } from '#core/vaults/vaults.ts'
import type { Work } from './worker.ts'

/** Has delayed deletions, recoveries and purges seen when their time has come. Without delays it never has anything to do. */
const settler = (
  base: Base,
  { kind, settling }: { readonly kind: string; readonly settling: string },
  settleObject: (writing: Writing, vault: ManagedVault, name: string) => Promise<void>,
): Work => ({
  name: `settler of ${kind}s`,
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
      if (vault !== undefined) await settleObject({ sql, turn, at, keyring: base.keyring, tell, mayRead }, vault, name)
      await keepEvents(turn, told, base.outgoing)
      await settle(turn, lease, undefined)
    }
    await base.database.write(settled, (at, outcome) =>
      'done' in outcome ? readings.map((entry) => ({ ...entry, at })) : [],
    )
  },
})

export const secretSettler = (base: Base): Work => settler(base, secrets, settleSecret)
export const keySettler = (base: Base): Work => settler(base, keys, settleKey)
export const certificateSettler = (base: Base): Work => settler(base, certificates, settleCertificate)
