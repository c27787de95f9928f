import type { Instant } from '#base/clock.ts'
import { life as certificates } from '#core/certificates/certificates.ts'
import { tellCertificateExpiry } from '#core/certificates/lifetime.ts'
import { life as keys } from '#core/keys/keys.ts'
import { tellKeyExpiry } from '#core/keys/lifetime.ts'
import type { Base, Writing } from '#core/perform.ts'
import { leaseMs, partsOf } from '#core/schedule/schedule.ts'
import { life as secrets, tellSecretExpiry } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { liveVault } from '#core/vaults/vaults.ts'
import { underLease } from './under-lease.ts'
import type { Work } from './worker.ts'

/** Tells that objects of a kind near their end, and that they have come to it. */
const expirer = (
  base: Base,
  { kind, ending }: { readonly kind: string; readonly ending: string },
  tellExpiry: (writing: Writing, vault: Vault, name: string) => Promise<Instant | undefined>,
): Work => ({
  name: `expirer of ${kind}s`,
  kind: ending,
  concurrency: 4,
  leaseMs,
  async run(lease) {
    const [vaultName, name] = partsOf(lease.subject)
    await underLease(base, lease, async (hand) => {
      const vault = await liveVault(hand.sql, vaultName)
      return vault && tellExpiry(hand, vault, name)
    })
  },
})

/** Tells of the ends of secrets. */
export const secretExpirer = (base: Base): Work => expirer(base, secrets, tellSecretExpiry)

/** Tells of the ends of keys. */
export const keyExpirer = (base: Base): Work => expirer(base, keys, tellKeyExpiry)

/** Tells of the ends of certificates. */
export const certificateExpirer = (base: Base): Work => expirer(base, certificates, tellCertificateExpiry)
