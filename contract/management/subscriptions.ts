import { operation } from '../operation.ts'
import { inSubscription, none, reading } from './shapes.ts'

/** Azure Resource Manager: what there is at all. */
export const listSubscriptions = operation({
  ...reading,
  id: 'SubscriptionList',
  path: '/subscriptions',
  action: 'subscriptions/read',
  reach: 'within',
  params: none,
  query: none,
})

export const getSubscription = operation({
  ...reading,
  id: 'SubscriptionGet',
  path: '/subscriptions/:subscription',
  action: 'subscriptions/read',
  reach: 'within',
  params: inSubscription,
  query: none,
})

export const listTenants = operation({
  ...reading,
  id: 'TenantList',
  path: '/tenants',
  action: 'subscriptions/read',
  reach: 'within',
  params: none,
  query: none,
})

export const listLocations = operation({
  ...reading,
  id: 'LocationList',
  path: '/subscriptions/:subscription/locations',
  action: 'subscriptions/read',
  reach: 'within',
  params: inSubscription,
  query: none,
})
