import type { Hosts } from '../http/hosts.ts'
import type { Route } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'
import addApplicationKey from './applications/add-key.ts'
import addOwner from './applications/add-owner.ts'
import addApplicationPassword from './applications/add-password.ts'
import createApplication from './applications/create-application.ts'
import createFederatedCredential from './applications/create-federated-credential.ts'
import deleteApplication from './applications/delete-application.ts'
import deleteFederatedCredential from './applications/delete-federated-credential.ts'
import getApplication from './applications/get-application.ts'
import getFederatedCredential from './applications/get-federated-credential.ts'
import listApplications from './applications/list-applications.ts'
import listFederatedCredentials from './applications/list-federated-credentials.ts'
import listOwners from './applications/list-owners.ts'
import removeApplicationKey from './applications/remove-key.ts'
import removeOwner from './applications/remove-owner.ts'
import removeApplicationPassword from './applications/remove-password.ts'
import updateApplication from './applications/update-application.ts'
import updateFederatedCredential from './applications/update-federated-credential.ts'
import addMember from './groups/add-member.ts'
import createGroup from './groups/create-group.ts'
import deleteGroup from './groups/delete-group.ts'
import getGroup from './groups/get-group.ts'
import groupsAround from './groups/groups-around.ts'
import listGroups from './groups/list-groups.ts'
import listMembers from './groups/list-members.ts'
import removeMember from './groups/remove-member.ts'
import updateGroup from './groups/update-group.ts'
import getByIds from './objects/get-by-ids.ts'
import getDirectoryObject from './objects/get-directory-object.ts'
import listNoOwners from './objects/list-no-owners.ts'
import listOrganizations from './objects/list-organizations.ts'
import addServicePrincipalKey from './service-principals/add-key.ts'
import addServicePrincipalPassword from './service-principals/add-password.ts'
import createServicePrincipal from './service-principals/create-service-principal.ts'
import deleteServicePrincipal from './service-principals/delete-service-principal.ts'
import getServicePrincipal from './service-principals/get-service-principal.ts'
import listServicePrincipals from './service-principals/list-service-principals.ts'
import removeServicePrincipalKey from './service-principals/remove-key.ts'
import removeServicePrincipalPassword from './service-principals/remove-password.ts'
import updateServicePrincipal from './service-principals/update-service-principal.ts'
import createUser from './users/create-user.ts'
import deleteUser from './users/delete-user.ts'
import getMe from './users/get-me.ts'
import getUser from './users/get-user.ts'
import listUsers from './users/list-users.ts'
import revokeSignInSessions from './users/revoke-sign-in-sessions.ts'
import updateUser from './users/update-user.ts'

/** Microsoft Graph, as far as we answer it: reading this list is reading what we serve. */
export const directoryPlane = (hosts: Hosts): readonly Route<Tenancy>[] => [
  addOwner(),
  addApplicationKey(),
  addApplicationPassword(),
  createApplication(),
  createFederatedCredential(),
  deleteApplication(),
  deleteFederatedCredential(),
  getApplication(),
  getFederatedCredential(),
  listApplications(hosts),
  listFederatedCredentials(hosts),
  listOwners(hosts),
  removeOwner(),
  removeApplicationKey(),
  removeApplicationPassword(),
  updateApplication(),
  updateFederatedCredential(),
  addServicePrincipalKey(),
  addServicePrincipalPassword(),
  createServicePrincipal(),
  deleteServicePrincipal(),
  getServicePrincipal(),
  listServicePrincipals(hosts),
  removeServicePrincipalKey(),
  removeServicePrincipalPassword(),
  updateServicePrincipal(),
  createUser(),
  deleteUser(),
  getMe(),
  getUser(),
  listUsers(hosts),
  revokeSignInSessions(),
  updateUser(),
  addMember(),
  createGroup(),
  deleteGroup(),
  getGroup(),
  ...groupsAround(hosts),
  listGroups(hosts),
  ...listMembers(hosts),
  removeMember(),
  updateGroup(),
  getByIds(),
  getDirectoryObject(),
  ...listNoOwners(),
  listOrganizations(hosts.domain),
]
