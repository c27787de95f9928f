import { operation } from '../operation.ts'
import { nothing, optional, record, text } from '../shape.ts'
import { first, inGroup, inSubscription, none, paged, part, reading } from './shapes.ts'

/** What lies in a subscription or a group, of whatever type. */
const query = record({
  $filter: optional(text({ maxCharacters: 1024 })),
  $expand: optional(text({ maxCharacters: 256 })),
  ...paged,
})

export const listResources = operation({
  ...reading,
  id: 'ResourceList',
  path: '/subscriptions/:subscription/resources',
  action: 'resources/read',
  reach: 'within',
  params: inSubscription,
  query,
})

export const listGroupResources = operation({
  ...reading,
  id: 'ResourceGroupResourceList',
  path: '/subscriptions/:subscription/resourceGroups/:group/resources',
  action: 'resources/read',
  reach: 'within',
  params: inGroup,
  query,
})

const provider = record({ subscription: part, namespace: part })

export const listProviders = operation({
  ...reading,
  id: 'ProviderList',
  path: '/subscriptions/:subscription/providers',
  action: 'providers/read',
  reach: 'within',
  params: inSubscription,
  query: none,
})

export const getProvider = operation({
  ...reading,
  id: 'ProviderGet',
  path: '/subscriptions/:subscription/providers/:namespace',
  action: 'providers/read',
  reach: 'within',
  params: provider,
  query: none,
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
  ...reading,
  id: 'ProviderOperationList',
  path: '/providers/:namespace/operations',
  action: 'providers/read',
  reach: 'within',
  params: record({ namespace: part }),
  query: none,
})

/** What a resource sends where: nothing, since what Cardea records is asked for by its own interface. */
export const listDiagnosticSettings = operation({
  ...reading,
  id: 'DiagnosticSettingList',
  path: '/providers/Microsoft.Insights/diagnosticSettings',
  scoped: true,
  action: 'diagnostics/read',
  params: none,
  query: none,
})
