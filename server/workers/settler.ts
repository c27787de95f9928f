import { life as certificates, settleCertificate } from '#core/certificates/certificates.ts'
import { life as keys, settleKey } from '#core/keys/keys.ts'
import type { Base, Writing } from '#core/perform.ts'
import { leaseMs, partsOf } from '#core/schedule/schedule.ts'
import { life as secrets, settleSecret } from '#core/secrets/secrets.ts'
import type { ManagedVault } from '#core/vaults/vault.ts'
import { vaultNamed } from '#core/vaults/vaults.ts'
import { underLease } from './under-lease.ts'
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
    const [vaultName, name] = partsOf(lease.subject)
    await underLease(base, lease, async (hand) => {
      // Also in a vault that is deleted meanwhile: it may come back.
      const vault = await vaultNamed(hand.sql, vaultName)
      if (vault !== undefined) await settleObject(hand, vault, name)
      return undefined
    })
  },
})

export const secretSettler = (base: Base): Work => settler(base, secrets, settleSecret)
export const keySettler = (base: Base): Work => settler(base, keys, settleKey)
export const certificateSettler = (base: Base): Work => settler(base, certificates, settleCertificate)
