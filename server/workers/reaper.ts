import { inside } from '#core/audit/entry.ts'
import { principalByApp } from '#core/identity/directory.ts'
import { reaperAppId } from '#core/installation/installation.ts'
import { type Base, perform } from '#core/perform.ts'
import { hold, leaseMs } from '#core/schedule/schedule.ts'
import { purgeSecret, purging, resourceOf } from '#core/secrets/secrets.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import type { Work } from './worker.ts'

/** Purges deleted secrets at the end of their retention, as a principal that may do this and nothing else. */
export const reaper = ({ base, vaults }: { readonly base: Base; readonly vaults: VaultBook }): Work => ({
  name: 'reaper',
  kind: purging,
  concurrency: 4,
  leaseMs,
  async run(lease) {
    const [vaultName, name] = lease.subject.split('/') as [string, string]
    const vault = await vaults.vault(vaultName)
    const principal = await principalByApp(base.database.read, reaperAppId)
    if (vault === undefined || principal === undefined) throw new Error(`Nobody can purge ${lease.subject}`)
    const intent = {
      caller: { objectId: principal.objectId, appId: principal.appId },
      action: 'secrets/purge',
      resource: resourceOf(vault, name),
      operation: 'SecretPurge',
      circumstances: { ...inside, agent: 'cardea reaper' },
    } as const
    await perform(base, intent, async (scope) => {
      // Recovered or purged by hand meanwhile: then the due row has gone, and with it the lease.
      await hold(scope.turn, lease)
      await purgeSecret(scope, vault, name)
    })
  },
})
