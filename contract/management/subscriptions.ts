import { operation } from '../operation.ts'
import { nothing } from '../shape.ts'
import { first, inSubscription, none } from './shapes.ts'

/** Azure Resource Manager: what there is at all. */
export const listSubscriptions = operation({
  id: 'SubscriptionList',
  method: 'GET',
  path: '/subscriptions',
  since: first,
  action: 'subscriptions/read',
  reach: 'within',
  effect: 'read',
  params: none,
  query: none,
  body: nothing,
  status: 200,
})

export const getSubscription = operation({
  id: 'SubscriptionGet',
  method: 'GET',
  path: '/subscriptions/:subscription',
  since: first,
  action: 'subscriptions/read',
  reach: 'within',
  effect: 'read',
  params: inSubscription,
  query: none,
  body: nothing,
  status: 200,
})

export const listTenants = operation({
  id: 'TenantList',
  method: 'GET',
  path: '/tenants',
  since: first,
  action: 'subscriptions/read',
  reach: 'within',
  effect: 'read',
  params: none,
  query: none,
  body: nothing,
  status: 200,
})

export const listLocations = operation({
  id: 'LocationList',
  method: 'GET',
  path: '/subscriptions/:subscription/locations',
  since: first,
  action: 'subscriptions/read',
  reach: 'within',
  effect: 'read',
  params: inSubscription,
  query: none,
  body: nothing,
  status: 200,
})
