import { operation } from '../operation.ts'
import { anything, flag, list, nothing, nullable, optional, record, type Shape, ShapeError, text } from '../shape.ts'
import { keyCredentials } from './credentials.ts'
import { deed, displayName, listAt, listBelow, none, one, oneAt, reference, removalAt, words } from './objects.ts'

/** Microsoft Graph: applications as they are registered. */

/** Kept as it was sent and given back: what it says has no meaning here. Its depth is limited with the body's. */
const kept = (inner: 'object' | 'list'): Shape<unknown> => ({
  read(value, where) {
    const fits = inner === 'list' ? Array.isArray(value) : typeof value === 'object' && !Array.isArray(value)
    if (!fits) throw new ShapeError(where, inner === 'list' ? 'a list' : 'an object')
    if (JSON.stringify(value).length > 16_384) throw new ShapeError(where, 'at most 16384 characters of JSON')
    return anything.read(value, where)
  },
})

const identifierUri = text({
  maxCharacters: 255,
  pattern: /^[a-z][a-z0-9+.-]*:[!-)+-~]+$/i,
  wanted: 'a URI without wildcards',
})

const members = {
  identifierUris: optional(list(identifierUri, { maxItems: 50 })),
  signInAudience: nullable(text({ maxCharacters: 64, pattern: /^\w+$/, wanted: 'a word' })),
  description: nullable(words(1024)),
  notes: nullable(words(1024)),
  serviceManagementReference: nullable(words(256)),
  groupMembershipClaims: nullable(text({ maxCharacters: 64, pattern: /^[\w,]*$/, wanted: 'words' })),
  isFallbackPublicClient: nullable(flag),
  tags: optional(list(words(256), { maxItems: 100 })),
  web: optional(kept('object')),
  spa: optional(kept('object')),
  publicClient: optional(kept('object')),
  api: optional(kept('object')),
  info: optional(kept('object')),
  optionalClaims: optional(kept('object')),
  appRoles: optional(kept('list')),
  requiredResourceAccess: optional(kept('list')),
  keyCredentials: optional(keyCredentials),
} as const

const newApplication = record({ displayName, ...members })
const changedApplication = record({ displayName: optional(displayName), ...members })

export const listApplications = listAt('ApplicationList', '/v1.0/applications')
export const getApplication = oneAt('ApplicationGet', '/v1.0/applications/:id')
export const createApplication = deed({
  id: 'ApplicationCreate',
  method: 'POST',
  path: '/v1.0/applications',
  action: 'applications/create',
  params: none,
  body: newApplication,
  status: 201,
})
export const updateApplication = deed({
  id: 'ApplicationUpdate',
  method: 'PATCH',
  path: '/v1.0/applications/:id',
  action: 'applications/update',
  params: one,
  body: changedApplication,
  status: 204,
})
export const deleteApplication = removalAt('ApplicationDelete', '/v1.0/applications/:id', 'applications/delete')

export const listOwners = listBelow('ApplicationOwnerList', '/v1.0/applications/:id/owners')
export const addOwner = deed({
  id: 'ApplicationOwnerAdd',
  method: 'POST',
  path: '/v1.0/applications/:id/owners/$ref',
  action: 'applications/update',
  params: one,
  body: reference,
  status: 204,
})
export const removeOwner = operation({
  id: 'ApplicationOwnerRemove',
  method: 'DELETE',
  path: '/v1.0/applications/:id/owners/:owner/$ref',
  since: 'always',
  action: 'applications/update',
  effect: 'write',
  params: record({ id: text({ maxCharacters: 256 }), owner: text({ maxCharacters: 64 }) }),
  query: none,
  body: nothing,
  status: 204,
})
