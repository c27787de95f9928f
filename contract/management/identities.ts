import { federatedProperties } from '../directory/credentials.ts'
import { operation } from '../operation.ts'
import { nothing, optional, record, text } from '../shape.ts'
import { inGroup, inSubscription, none, part, region, tags } from './shapes.ts'

/** Microsoft.ManagedIdentity: identities that people make, and the foreign identities that prove them. */
const name = text({
  pattern: /^[a-z0-9][\w-]{2,127}$/i,
  wanted: "a name of 3 to 128 letters, digits, '-' and '_', beginning with a letter or digit",
})
const one = record({ subscription: part, group: part, identity: name })
const oneCredential = record({ subscription: part, group: part, identity: name, credential: part })

const type = '/providers/Microsoft.ManagedIdentity/userAssignedIdentities'
const below = `/subscriptions/:subscription/resourceGroups/:group${type}`
const at = `${below}/:identity`
const credentials = `${at}/federatedIdentityCredentials`

const shared = { since: 'always', query: none } as const
const reading = { ...shared, method: 'GET', effect: 'read', body: nothing, status: 200 } as const

export const listIdentities = operation({
  ...reading,
  id: 'UserAssignedIdentityList',
  path: `/subscriptions/:subscription${type}`,
  action: 'identities/read',
  reach: 'within',
  params: inSubscription,
})
export const listGroupIdentities = operation({
  ...reading,
  id: 'UserAssignedIdentityListInGroup',
  path: below,
  action: 'identities/read',
  reach: 'within',
  params: inGroup,
})
export const getIdentity = operation({
  ...reading,
  id: 'UserAssignedIdentityGet',
  path: at,
  action: 'identities/read',
  params: one,
})
export const putIdentity = operation({
  ...shared,
  id: 'UserAssignedIdentityPut',
  method: 'PUT',
  path: at,
  action: 'identities/write',
  effect: 'write',
  params: one,
  body: record({ location: region, tags: optional(tags) }),
  status: 201,
})
export const patchIdentity = operation({
  ...shared,
  id: 'UserAssignedIdentityUpdate',
  method: 'PATCH',
  path: at,
  action: 'identities/write',
  effect: 'write',
  params: one,
  body: record({ tags: optional(tags) }),
  status: 200,
})
export const deleteIdentity = operation({
  ...shared,
  id: 'UserAssignedIdentityDelete',
  method: 'DELETE',
  path: at,
  action: 'identities/delete',
  effect: 'write',
  params: one,
  body: nothing,
  status: 200,
})

export const listIdentityCredentials = operation({
  ...reading,
  id: 'IdentityFederatedList',
  path: credentials,
  action: 'identity-credentials/read',
  params: one,
})
export const getIdentityCredential = operation({
  ...reading,
  id: 'IdentityFederatedGet',
  path: `${credentials}/:credential`,
  action: 'identity-credentials/read',
  params: oneCredential,
})
export const putIdentityCredential = operation({
  ...shared,
  id: 'IdentityFederatedPut',
  method: 'PUT',
  path: `${credentials}/:credential`,
  action: 'identity-credentials/write',
  effect: 'write',
  params: oneCredential,
  body: record({ properties: federatedProperties }),
  status: 201,
})
export const deleteIdentityCredential = operation({
  ...shared,
  id: 'IdentityFederatedDelete',
  method: 'DELETE',
  path: `${credentials}/:credential`,
  action: 'identity-credentials/delete',
  effect: 'write',
  params: oneCredential,
  body: nothing,
  status: 200,
})
