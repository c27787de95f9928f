import type { Instant } from '#base/clock.ts'
import type { Turn } from '#base/database.ts'
import { life as certificates } from '#core/certificates/certificates.ts'
import { tellCertificateExpiry } from '#core/certificates/lifetime.ts'
import type { Event } from '#core/events/event.ts'
import { keepEvents } from '#core/events/events.ts'
import { life as keys } from '#core/keys/keys.ts'
import { tellKeyExpiry } from '#core/keys/lifetime.ts'
import type { Base, Scope } from '#core/perform.ts'
import { hold, leaseMs, settle } from '#core/schedule/schedule.ts'
import { life as secrets, tellSecretExpiry } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { liveVault } from '#core/vaults/vaults.ts'
import type { Work } from './worker.ts'

type Telling = Pick<Scope<never>, 'turn' | 'keyring' | 'tell'>

/** Tells that objects of a kind near their end, and that they have come to it. */
const expirer = (
  { database, keyring, outgoing }: Base,
  { kind, ending }: { readonly kind: string; readonly ending: string },
  tellExpiry: (telling: Telling, vault: Vault, name: string) => Promise<Instant | undefined>,
): Work => ({
  name: `expirer of ${kind}s`,
  kind: ending,
  concurrency: 4,
  leaseMs,
  async run(lease) {
    const [vaultName, name] = lease.subject.split('/') as [string, string]
    await database.write(async (turn: Turn) => {
      await hold(turn, lease)
      const vault = await liveVault(turn.sql, vaultName)
      const told: Event[] = []
      const tell = (event: Event) => told.push(event)
      const next = vault && (await tellExpiry({ turn, keyring, tell }, vault, name))
      await keepEvents(turn, told, outgoing)
      await settle(turn, lease, next)
    })
  },
})

export const secretExpirer = (base: Base): Work => expirer(base, secrets, tellSecretExpiry)
export const keyExpirer = (base: Base): Work => expirer(base, keys, tellKeyExpiry)
export const certificateExpirer = (base: Base): Work => expirer(base, certificates, tellCertificateExpiry)
