import type { ManagedIdentity } from '#core/directory/managed-identities.ts'
import type { FederatedCredential } from '#core/identity/federated-credential.ts'
import type { Call } from '../../plane.ts'
import type { Tenancy } from '../../tenancy.ts'
import { theGroup } from '../ids.ts'

/** Resource ids and answers of managed identities. */
const type = 'Microsoft.ManagedIdentity/userAssignedIdentities'

/** The resource id of the identity that a path is about. */
export const identityOf = (params: Call['params'], tenancy: Tenancy): string =>
  `${theGroup(params, tenancy)}/providers/${type}/${params.identity}`
/** The same of one of its credentials. */
export const credentialOf = (params: Call['params'], tenancy: Tenancy): string =>
  `${identityOf(params, tenancy)}/federatedIdentityCredentials/${params.credential}`

/** An identity as Resource Manager shows it. */
export const resourceOf = ({ resourceId, location, tags, entry }: ManagedIdentity, tenant: string) => ({
  id: resourceId,
  name: entry.name,
  type,
  location,
  tags,
  properties: { tenantId: tenant, principalId: entry.objectId, clientId: entry.appId },
})

/** One of its credentials. */
export const credentialResourceOf = (identity: string, { name, issuer, subject, audiences }: FederatedCredential) => ({
  id: `${identity}/federatedIdentityCredentials/${name}`,
  name,
  type: `${type}/federatedIdentityCredentials`,
  properties: { issuer, subject, audiences },
})
