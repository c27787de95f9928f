import type { Action } from '../actions.ts'
import { guid } from '../guid.ts'
import { instant } from '../instant.ts'
import { operation } from '../operation.ts'
import { absent, list, nothing, nullable, oneOf, optional, type Read, record, text } from '../shape.ts'
import { deed, listBelow, named, none, one } from './objects.ts'

/** Microsoft Graph: what applications and service principals prove themselves with. */

const term = {
  displayName: optional(named(120)),
  startDateTime: optional(instant()),
  endDateTime: optional(instant()),
}
export const passwordCredential = record(term)
export type PasswordCredential = Read<typeof passwordCredential>

export const keyCredential = record({
  ...term,
  keyId: optional(guid),
  type: optional(text({ maxCharacters: 64 })),
  usage: optional(text({ maxCharacters: 64 })),
  /** A certificate as base64, which may have line breaks; absent or null for one that is there already. */
  key: nullable(text({ maxCharacters: 32_768 })),
})
export type KeyCredential = Read<typeof keyCredential>
export const keyCredentials = list(keyCredential, { maxItems: 50 })

const passwordAdding = record({ passwordCredential: optional(passwordCredential) })
const removing = record({ keyId: guid })

/** A JWT, signed by a key that the holder has already (Graph: "proof of possession tokens for rolling keys"). */
const proof = text({ maxCharacters: 8192, pattern: /^[\w-]+\.[\w-]+\.[\w-]+$/, wanted: 'a signed JWT' })
const keyAdding = record({
  keyCredential: record({
    ...term,
    type: optional(oneOf('AsymmetricX509Cert')),
    usage: optional(oneOf('Verify')),
    key: text({ maxCharacters: 32_768 }),
  }),
  passwordCredential: absent('null: keys that sign for us, with a password, are not kept here'),
  proof,
})
const keyRemoving = record({ keyId: guid, proof })

const credentialsBelow = <const A extends Action>(name: string, collection: string, action: A) => ({
  addPassword: deed({
    id: `${name}AddPassword`,
    method: 'POST',
    path: `/v1.0/${collection}/:id/addPassword`,
    action,
    params: one,
    body: passwordAdding,
    status: 200,
  }),
  removePassword: deed({
    id: `${name}RemovePassword`,
    method: 'POST',
    path: `/v1.0/${collection}/:id/removePassword`,
    action,
    params: one,
    body: removing,
    status: 204,
  }),
  addKey: deed({
    id: `${name}AddKey`,
    method: 'POST',
    path: `/v1.0/${collection}/:id/addKey`,
    action: 'keys/roll',
    params: one,
    body: keyAdding,
    status: 200,
  }),
  removeKey: deed({
    id: `${name}RemoveKey`,
    method: 'POST',
    path: `/v1.0/${collection}/:id/removeKey`,
    action: 'keys/roll',
    params: one,
    body: keyRemoving,
    status: 204,
  }),
})

export const {
  addPassword: addApplicationPassword,
  removePassword: removeApplicationPassword,
  addKey: addApplicationKey,
  removeKey: removeApplicationKey,
} = credentialsBelow('Application', 'applications', 'applications/credentials')
export const {
  addPassword: addServicePrincipalPassword,
  removePassword: removeServicePrincipalPassword,
  addKey: addServicePrincipalKey,
  removeKey: removeServicePrincipalKey,
} = credentialsBelow('ServicePrincipal', 'servicePrincipals', 'service-principals/credentials')

/** What both planes that keep foreign identities are told of one. */
const federated = {
  issuer: text({ maxCharacters: 600 }),
  subject: text({ maxCharacters: 600 }),
  audiences: list(text({ maxCharacters: 600 }), { maxItems: 10 }),
} as const
export const federatedProperties = record(federated)
const federatedBody = record({ ...federated, name: text({ maxCharacters: 120 }), description: optional(named(600)) })
const federatedChange = record({
  issuer: optional(federated.issuer),
  subject: optional(federated.subject),
  audiences: optional(federated.audiences),
  description: optional(named(600)),
})
const federatedOne = record({ id: text({ maxCharacters: 256 }), credential: text({ maxCharacters: 120 }) })

const at = '/v1.0/applications/:id/federatedIdentityCredentials'
const onFederated = { action: 'applications/credentials' } as const
export const createFederated = deed({
  ...onFederated,
  id: 'ApplicationFederatedCreate',
  method: 'POST',
  path: at,
  params: one,
  body: federatedBody,
  status: 201,
})
export const updateFederated = deed({
  ...onFederated,
  id: 'ApplicationFederatedUpdate',
  method: 'PATCH',
  path: `${at}/:credential`,
  params: federatedOne,
  body: federatedChange,
  status: 204,
})
export const listFederated = listBelow('ApplicationFederatedList', at)
export const getFederated = operation({
  id: 'ApplicationFederatedGet',
  method: 'GET',
  path: `${at}/:credential`,
  since: 'always',
  action: 'directory/read',
  effect: 'read',
  params: federatedOne,
  query: none,
  body: nothing,
  status: 200,
})
export const deleteFederated = operation({
  ...onFederated,
  id: 'ApplicationFederatedDelete',
  method: 'DELETE',
  path: `${at}/:credential`,
  since: 'always',
  effect: 'write',
  params: federatedOne,
  query: none,
  body: nothing,
  status: 204,
})
