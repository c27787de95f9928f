import { managedRows } from './managed-rows.ts'
import { type ManagedVault, openNetwork } from './vault.ts'

type Profile = Pick<ManagedVault, 'sku' | 'enabledFor' | 'network'>

/** How vaults are kept. */
export const vaultRows = managedRows<ManagedVault, Partial<Profile>>('vault', {
  written: ({ sku, enabledFor, network }) => ({ sku, enabledFor, network }),
  read: (managed, profile) => ({ ...plain, ...profile, ...managed }),
})

/** A vault from before it could be managed. */
const plain: Profile = {
  sku: 'standard',
  enabledFor: { deployment: false, disk: false, template: false },
  network: openNetwork,
}
