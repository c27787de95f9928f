import type { Route } from '../../plane.ts'
import type { Tenancy } from '../../tenancy.ts'
import deleteRoleAssignment from './delete-role-assignment.ts'
import deleteRoleDefinition from './delete-role-definition.ts'
import elevateAccess from './elevate-access.ts'
import getRoleAssignment from './get-role-assignment.ts'
import getRoleDefinition from './get-role-definition.ts'
import listDenyAssignments from './list-deny-assignments.ts'
import listPermissions from './list-permissions.ts'
import listRoleAssignments from './list-role-assignments.ts'
import listRoleDefinitions from './list-role-definitions.ts'
import putRoleAssignment from './put-role-assignment.ts'
import putRoleDefinition from './put-role-definition.ts'

/** Microsoft.Authorization, as far as we answer it. */
export const authorizationRoutes = (): readonly Route<Tenancy>[] => [
  putRoleAssignment(),
  getRoleAssignment(),
  deleteRoleAssignment(),
  listRoleAssignments(),
  putRoleDefinition(),
  getRoleDefinition(),
  deleteRoleDefinition(),
  listRoleDefinitions(),
  listDenyAssignments(),
  listPermissions(),
  elevateAccess(),
]
