import type { Action } from '@cardea/contract/actions'
import { inside } from '#core/audit/entry.ts'
import { life as certificates, purgeCertificate } from '#core/certificates/certificates.ts'
import { principalByApp } from '#core/identity/directory.ts'
import { reaperAppId } from '#core/identity/principal.ts'
import { life as keys, purgeKey } from '#core/keys/keys.ts'
import type { ObjectVersion } from '#core/objects/object.ts'
import { type Life, objectResource } from '#core/objects/objects.ts'
import { type Base, perform, type Scope } from '#core/perform.ts'
import { purgeStore, purgingStores } from '#core/resources/store-life.ts'
import { purgeVault, purgingVaults } from '#core/resources/vault-life.ts'
import { hold, leaseMs, partsOf } from '#core/schedule/schedule.ts'
import { purgeSecret, life as secrets } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'
import type { Work } from './worker.ts'

type Around = { readonly base: Base; readonly vaults: VaultBook }
type Reaped<A extends Action, V extends ObjectVersion> = {
  readonly life: Life<V>
  readonly action: A
  readonly operation: string
  purge(scope: Scope<A>, vault: Vault, name: string): Promise<void>
}

/** Purges deleted objects of a kind at the end of their retention, as a principal that may do this and nothing else. */
const objectReaper = <A extends Action, V extends ObjectVersion>(
  { base, vaults }: Around,
  { life: { kind, purging }, action, operation, purge }: Reaped<A, V>,
): Work => ({
  name: `reaper of ${kind}s`,
  kind: purging,
  concurrency: 4,
  leaseMs,
  async run(lease) {
    const [vaultName, name] = partsOf(lease.subject)
    const vault = await vaults.vault(vaultName)
    const principal = await principalByApp(base.database.read, base.keyring, reaperAppId)
    // Deleted meanwhile, with all that was in it; then the due row has gone, and the lease runs out with it.
    if (vault === undefined) return
    if (principal === undefined) throw new Error(`Nobody can purge ${lease.subject}`)
    const intent = {
      caller: { objectId: principal.objectId, appId: principal.appId },
      action,
      resource: objectResource(kind, vault, name),
      operation,
      circumstances: { ...inside, agent: 'cardea reaper' },
    }
    await perform(base, intent, async (scope) => {
      // Recovered or purged by hand meanwhile: then the due row has gone, and with it the lease.
      await hold(scope.turn, lease)
      await purge(scope, vault, name)
    })
  },
})

export const secretReaper = (around: Around): Work =>
  objectReaper(around, { life: secrets, action: 'secrets/purge', operation: 'SecretPurge', purge: purgeSecret })

export const keyReaper = (around: Around): Work =>
  objectReaper(around, { life: keys, action: 'keys/purge', operation: 'KeyPurge', purge: purgeKey })

/** With its key and its secret. */
export const certificateReaper = (around: Around): Work =>
  objectReaper(around, {
    life: certificates,
    action: 'certificates/purge',
    operation: 'CertificatePurge',
    purge: purgeCertificate,
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
