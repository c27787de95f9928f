import type { Route } from '../../plane.ts'
import type { Tenancy } from '../../tenancy.ts'
import deleteCredential from './delete-credential.ts'
import deleteIdentity from './delete-identity.ts'
import getCredential from './get-credential.ts'
import getIdentity from './get-identity.ts'
import listCredentials from './list-credentials.ts'
import listGroupIdentities from './list-group-identities.ts'
import listIdentities from './list-identities.ts'
import patchIdentity from './patch-identity.ts'
import putCredential from './put-credential.ts'
import putIdentity from './put-identity.ts'

/** Microsoft.ManagedIdentity. */
export const identityRoutes = (): readonly Route<Tenancy>[] => [
  listIdentities(),
  listGroupIdentities(),
  getIdentity(),
  putIdentity(),
  patchIdentity(),
  deleteIdentity(),
  listCredentials(),
  getCredential(),
  putCredential(),
  deleteCredential(),
]
