import { inside } from '#core/audit/entry.ts'
import { principalByApp } from '#core/identity/directory.ts'
import { reaperAppId } from '#core/identity/principal.ts'
import { type Base, perform, type Scope } from '#core/perform.ts'
import { purgeStore, purgingStores } from '#core/resources/store-life.ts'
import { purgeVault, purgingVaults } from '#core/resources/vault-life.ts'
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
    const principal = await principalByApp(base.database.read, base.keyring, reaperAppId)
    // Deleted meanwhile, with all its secrets; then the due row has gone, and the lease runs out with it.
    if (vault === undefined) return
    if (principal === undefined) throw new Error(`Nobody can purge ${lease.subject}`)
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

/** Purges deleted vaults and stores at the end of their retention, as the same principal. */
const resourceReaper = <A extends 'deleted-vaults/purge' | 'deleted-stores/purge'>(
  base: Base,
  kind: string,
  { action, operation, resource }: { action: A; operation: string; resource: string },
  purge: (scope: Scope<A>, name: string) => Promise<void>,
): Work => ({
  name: `reaper of ${kind}`,
  kind,
  concurrency: 1,
  leaseMs,
  async run(lease) {
    const principal = await principalByApp(base.database.read, base.keyring, reaperAppId)
    if (principal === undefined) throw new Error(`Nobody can purge ${lease.subject}`)
    const intent = {
      caller: { objectId: principal.objectId, appId: principal.appId },
      action,
      resource: `${resource}/${lease.subject}`,
      operation,
      circumstances: { ...inside, agent: 'cardea reaper' },
    }
    await perform(base, intent, async (scope) => {
      await hold(scope.turn, lease)
      await purge(scope, lease.subject)
    })
  },
})

export const vaultReaper = (base: Base, subscription: string): Work =>
  resourceReaper(
    base,
    purgingVaults,
    {
      action: 'deleted-vaults/purge',
      operation: 'VaultPurge',
      resource: `/subscriptions/${subscription}/providers/Microsoft.KeyVault/deletedVaults`,
    },
    purgeVault,
  )

export const storeReaper = (base: Base, subscription: string): Work =>
  resourceReaper(
    base,
    purgingStores,
    {
      action: 'deleted-stores/purge',
      operation: 'StorePurge',
      resource: `/subscriptions/${subscription}/providers/Microsoft.AppConfiguration/deletedConfigurationStores`,
    },
    purgeStore,
  )
