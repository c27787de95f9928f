import { groupId, storeIdIn, vaultIdIn } from '#core/vaults/resource-id.ts'
import type { Call } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'

/**
 * The resource ids that a path is about, from its raw parameters. The subscription is ours: a path that names another
 * finds nothing, which is said to those who may do the like here.
 */
type Params = Call['params']
export const subscriptionId = (_: Params, { subscription }: Tenancy): string => `/subscriptions/${subscription}`
export const theGroup = ({ group = '' }: Params, { subscription }: Tenancy): string => groupId(subscription, group)
export const theVault = (params: Params, tenancy: Tenancy): string =>
  vaultIdIn(theGroup(params, tenancy), params.vault ?? '')
export const theStore = (params: Params, tenancy: Tenancy): string =>
  storeIdIn(theGroup(params, tenancy), params.store ?? '')
export const theDeletedVault = ({ location, vault }: Params, { subscription }: Tenancy): string =>
  `/subscriptions/${subscription}/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${vault}`
export const theDeletedStore = ({ location, store }: Params, { subscription }: Tenancy): string =>
  `/subscriptions/${subscription}/providers/Microsoft.AppConfiguration/locations/${location}/deletedConfigurationStores/${store}`
