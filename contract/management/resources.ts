import { operation } from '../operation.ts'
import { nothing, optional, record, text } from '../shape.ts'
import { first, inGroup, inSubscription, none, paged, part } from './shapes.ts'

/** What lies in a subscription or a group, of whatever type. */
const query = record({
  $filter: optional(text({ maxCharacters: 1024 })),
  $expand: optional(text({ maxCharacters: 256 })),
  ...paged,
})

export const listResources = operation({
  id: 'ResourceList',
  method: 'GET',
  path: '/subscriptions/:subscription/resources',
  since: first,
  action: 'resources/read',
  reach: 'within',
  effect: 'read',
  params: inSubscription,
  query,
  body: nothing,
  status: 200,
})

export const listGroupResources = operation({
  id: 'ResourceGroupResourceList',
  method: 'GET',
  path: '/subscriptions/:subscription/resourceGroups/:group/resources',
  since: first,
  action: 'resources/read',
  reach: 'within',
  effect: 'read',
  params: inGroup,
  query,
  body: nothing,
  status: 200,
})

const provider = record({ subscription: part, namespace: part })

export const listProviders = operation({
  id: 'ProviderList',
  method: 'GET',
  path: '/subscriptions/:subscription/providers',
  since: first,
  action: 'providers/read',
  reach: 'within',
  effect: 'read',
  params: inSubscription,
  query: none,
  body: nothing,
  status: 200,
})

export const getProvider = operation({
  id: 'ProviderGet',
  method: 'GET',
  path: '/subscriptions/:subscription/providers/:namespace',
  since: first,
  action: 'providers/read',
  reach: 'within',
  effect: 'read',
  params: provider,
  query: none,
  body: nothing,
  status: 200,
})

export const registerProvider = operation({
  id: 'ProviderRegister',
  method: 'POST',
  path: '/subscriptions/:subscription/providers/:namespace/register',
  since: first,
  action: 'providers/register',
  effect: 'read',
  params: provider,
  query: none,
  body: nothing,
  status: 200,
})

/** What can be done with the resources of a provider, for people who write roles. */
export const listProviderOperations = operation({
  id: 'ProviderOperationList',
  method: 'GET',
  path: '/providers/:namespace/operations',
  since: first,
  action: 'providers/read',
  reach: 'within',
  effect: 'read',
  params: record({ namespace: part }),
  query: none,
  body: nothing,
  status: 200,
})

/** What a resource sends where: nothing, since what Cardea records is asked for by its own interface. */
export const listDiagnosticSettings = operation({
  id: 'DiagnosticSettingList',
  method: 'GET',
  path: '/providers/Microsoft.Insights/diagnosticSettings',
  scoped: true,
  since: first,
  action: 'diagnostics/read',
  effect: 'read',
  params: none,
  query: none,
  body: nothing,
  status: 200,
})
