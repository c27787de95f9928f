import type { Tenancy } from '../../tenancy.ts'

/** The one subscription of an installation, as Resource Manager shows it. */
export const subscriptionOf = ({ tenant, subscription }: Tenancy): object => ({
  id: `/subscriptions/${subscription}`,
  subscriptionId: subscription,
  tenantId: tenant,
  displayName: 'Cardea',
  state: 'Enabled',
  subscriptionPolicies: { spendingLimit: 'Off' },
  authorizationSource: 'RoleBased',
  managedByTenants: [],
})
