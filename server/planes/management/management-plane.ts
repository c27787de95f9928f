import type { Egress } from '#base/egress.ts'
import type { Hosts } from '../http/hosts.ts'
import type { Route } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'
import { authorizationRoutes } from './authorization/authorization-routes.ts'
import { eventRoutes } from './events/event-routes.ts'
import deleteGroup from './groups/delete-group.ts'
import getGroup from './groups/get-group.ts'
import headGroup from './groups/head-group.ts'
import listGroups from './groups/list-groups.ts'
import patchGroup from './groups/patch-group.ts'
import putGroup from './groups/put-group.ts'
import { identityRoutes } from './identities/identity-routes.ts'
import deleteLock from './locks/delete-lock.ts'
import getLock from './locks/get-lock.ts'
import listLocks from './locks/list-locks.ts'
import putLock from './locks/put-lock.ts'
import getProvider from './providers/get-provider.ts'
import listProviderOperations from './providers/list-provider-operations.ts'
import listProviders from './providers/list-providers.ts'
import registerProvider from './providers/register-provider.ts'
import listDiagnosticSettings from './resources/list-diagnostic-settings.ts'
import listGroupResources from './resources/list-group-resources.ts'
import listResources from './resources/list-resources.ts'
import checkStoreName from './stores/check-store-name.ts'
import checkStoreNameInRegion from './stores/check-store-name-in-region.ts'
import deleteStore from './stores/delete-store.ts'
import getDeletedStore from './stores/get-deleted-store.ts'
import getStore from './stores/get-store.ts'
import listDeletedStores from './stores/list-deleted-stores.ts'
import listGroupStores from './stores/list-group-stores.ts'
import listStoreKeys from './stores/list-store-keys.ts'
import listStores from './stores/list-stores.ts'
import patchStore from './stores/patch-store.ts'
import purgeDeletedStore from './stores/purge-deleted-store.ts'
import putStore from './stores/put-store.ts'
import regenerateStoreKey from './stores/regenerate-store-key.ts'
import getSubscription from './subscriptions/get-subscription.ts'
import listLocations from './subscriptions/list-locations.ts'
import listSubscriptions from './subscriptions/list-subscriptions.ts'
import listTenants from './subscriptions/list-tenants.ts'
import checkVaultName from './vaults/check-vault-name.ts'
import deleteVault from './vaults/delete-vault.ts'
import getDeletedVault from './vaults/get-deleted-vault.ts'
import getVault from './vaults/get-vault.ts'
import listDeletedManagedHsms from './vaults/list-deleted-managed-hsms.ts'
import listDeletedVaults from './vaults/list-deleted-vaults.ts'
import listGroupManagedHsms from './vaults/list-group-managed-hsms.ts'
import listGroupVaults from './vaults/list-group-vaults.ts'
import listManagedHsms from './vaults/list-managed-hsms.ts'
import listVaults from './vaults/list-vaults.ts'
import patchVault from './vaults/patch-vault.ts'
import purgeDeletedVault from './vaults/purge-deleted-vault.ts'
import putAccessPolicies from './vaults/put-access-policies.ts'
import putVault from './vaults/put-vault.ts'
import { workloadRoutes } from './workloads/workload-routes.ts'

/** Azure Resource Manager, as far as we answer it: reading this list is reading what we serve. */
export const managementPlane = (hosts: Hosts, reach: Pick<Egress, 'allowPrivate'>): readonly Route<Tenancy>[] => [
  getSubscription(),
  listLocations(),
  listSubscriptions(),
  listTenants(),
  deleteGroup(),
  getGroup(),
  headGroup(),
  listGroups(),
  patchGroup(),
  putGroup(),
  listDiagnosticSettings(),
  listGroupResources(hosts),
  listResources(hosts),
  getProvider(),
  listProviders(),
  listProviderOperations(),
  registerProvider(),
  checkVaultName(),
  deleteVault(),
  getDeletedVault(),
  getVault(hosts),
  listDeletedManagedHsms(),
  listDeletedVaults(hosts),
  listGroupManagedHsms(),
  listGroupVaults(hosts),
  listManagedHsms(),
  listVaults(hosts),
  patchVault(hosts),
  purgeDeletedVault(),
  putAccessPolicies(),
  putVault(hosts),
  checkStoreName(),
  checkStoreNameInRegion(),
  deleteStore(),
  getDeletedStore(),
  getStore(hosts),
  listDeletedStores(),
  listGroupStores(hosts),
  listStoreKeys(hosts),
  listStores(hosts),
  patchStore(hosts),
  purgeDeletedStore(),
  putStore(hosts),
  regenerateStoreKey(hosts),
  deleteLock(),
  getLock(),
  listLocks(),
  putLock(),
  ...authorizationRoutes(),
  ...identityRoutes(),
  ...workloadRoutes(),
  ...eventRoutes(hosts, reach),
]
