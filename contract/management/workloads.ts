import { operation } from '../operation.ts'
import { nothing, optional, record, text } from '../shape.ts'
import { first, inGroup, inSubscription, none, part, region, tags, word } from './shapes.ts'

/**
 * Workloads: programs that run under somebody's care, each known as a resource. One may have an identity of its own, which Azure
 * calls system-assigned: it comes with the resource and goes with it.
 */
const name = text({
  pattern: /^[a-z0-9][\w-]{1,62}[a-z0-9]$/i,
  wanted: "a name of 3 to 64 letters, digits, '-' and '_', beginning and ending with a letter or digit",
})
const one = record({ subscription: part, group: part, workload: name })
const type = '/providers/Cardea.Workload/workloads'
const below = `/subscriptions/:subscription/resourceGroups/:group${type}`
const at = `${below}/:workload`

/** Absent, the identity stays as it is: it takes all that it was allowed with it, which nobody means by leaving a word out. */
const identity = optional(record({ type: word('None', 'SystemAssigned') }))

const shared = { since: first, query: none } as const
const reading = { ...shared, method: 'GET', effect: 'read', body: nothing, status: 200 } as const

export const listWorkloads = operation({
  ...reading,
  id: 'WorkloadList',
  path: `/subscriptions/:subscription${type}`,
  action: 'workloads/read',
  reach: 'within',
  params: inSubscription,
})
export const listGroupWorkloads = operation({
  ...reading,
  id: 'WorkloadListInGroup',
  path: below,
  action: 'workloads/read',
  reach: 'within',
  params: inGroup,
})
export const getWorkload = operation({
  ...reading,
  id: 'WorkloadGet',
  path: at,
  action: 'workloads/read',
  params: one,
})
export const putWorkload = operation({
  ...shared,
  id: 'WorkloadPut',
  method: 'PUT',
  path: at,
  action: 'workloads/write',
  effect: 'write',
  params: one,
  body: record({ location: region, tags: optional(tags), identity }),
  status: 201,
})
export const patchWorkload = operation({
  ...shared,
  id: 'WorkloadUpdate',
  method: 'PATCH',
  path: at,
  action: 'workloads/write',
  effect: 'write',
  params: one,
  body: record({ tags: optional(tags), identity }),
  status: 200,
})
export const deleteWorkload = operation({
  ...shared,
  id: 'WorkloadDelete',
  method: 'DELETE',
  path: at,
  action: 'workloads/delete',
  effect: 'write',
  params: one,
  body: nothing,
  status: 200,
})

/** The identity of whatever resource has one, asked below that resource: `…/providers/Microsoft.ManagedIdentity/identities/default`. */
export const getSystemIdentity = operation({
  ...reading,
  id: 'SystemAssignedIdentityGet',
  path: '/providers/Microsoft.ManagedIdentity/identities/default',
  scoped: true,
  action: 'system-identities/read',
  params: none,
})
