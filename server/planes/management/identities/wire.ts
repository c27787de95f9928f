import type { ManagedIdentity } from '#core/directory/managed-identities.ts'
import type { FederatedCredential } from '#core/identity/federated-credential.ts'
import type { Call } from '../../plane.ts'
import type { Tenancy } from '../../tenancy.ts'
import { theGroup } from '../ids.ts'

/** Resource ids and answers of managed identities. */
const type = 'Microsoft.ManagedIdentity/userAssignedIdentities'

export const identityOf = (params: Call['params'], tenancy: Tenancy): string =>
  `${theGroup(params, tenancy)}/providers/${type}/${params.identity}`
export const credentialOf = (params: Call['params'], tenancy: Tenancy): string =>
  `${identityOf(params, tenancy)}/federatedIdentityCredentials/${params.credential}`

export const resourceOf = ({ resourceId, location, tags, entry }: ManagedIdentity, tenant: string) => ({
  id: resourceId,
  name: entry.name,
  type,
  location,
  tags,
  properties: { tenantId: tenant, principalId: entry.objectId, clientId: entry.appId },
})

export const credentialResourceOf = (identity: string, { name, issuer, subject, audiences }: FederatedCredential) => ({
  id: `${identity}/federatedIdentityCredentials/${name}`,
  name,
  type: `${type}/federatedIdentityCredentials`,
  properties: { issuer, subject, audiences },
})
