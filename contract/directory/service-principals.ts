import { guid } from '../guid.ts'
import { flag, list, optional, record } from '../shape.ts'
import { deed, displayName, groupsBelow, listAt, listBelow, none, one, oneAt, removalAt, words } from './objects.ts'

/** Microsoft Graph: service principals, who act for applications, and as managed identities for themselves. */
const members = {
  accountEnabled: optional(flag),
  displayName: optional(displayName),
  tags: optional(list(words(256), { maxItems: 100 })),
} as const
const newServicePrincipal = record({ appId: guid, ...members })
const changedServicePrincipal = record(members)

export const listServicePrincipals = listAt('ServicePrincipalList', '/v1.0/servicePrincipals')
export const getServicePrincipal = oneAt('ServicePrincipalGet', '/v1.0/servicePrincipals/:id')
export const createServicePrincipal = deed({
  id: 'ServicePrincipalCreate',
  method: 'POST',
  path: '/v1.0/servicePrincipals',
  action: 'service-principals/create',
  params: none,
  body: newServicePrincipal,
  status: 201,
})
export const updateServicePrincipal = deed({
  id: 'ServicePrincipalUpdate',
  method: 'PATCH',
  path: '/v1.0/servicePrincipals/:id',
  action: 'service-principals/update',
  params: one,
  body: changedServicePrincipal,
  status: 204,
})
export const deleteServicePrincipal = removalAt(
  'ServicePrincipalDelete',
  '/v1.0/servicePrincipals/:id',
  'service-principals/delete',
)
export const { memberOf, transitiveMemberOf, getMemberGroups, checkMemberGroups } = groupsBelow(
  'ServicePrincipal',
  'servicePrincipals',
)

/** Only registrations of applications have owners here: this list is empty. */
export const listOwners = listBelow('ServicePrincipalOwnerList', '/v1.0/servicePrincipals/:id/owners')
