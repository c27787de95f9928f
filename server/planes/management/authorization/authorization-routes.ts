import type { Route } from '../../plane.ts'
import type { Tenancy } from '../../tenancy.ts'
import convertAccess from './convert-access.ts'
import deleteRoleAssignment from './delete-role-assignment.ts'
import deleteRoleDefinition from './delete-role-definition.ts'
import elevateAccess from './elevate-access.ts'
import explainAccess from './explain-access.ts'
import getRoleAssignment from './get-role-assignment.ts'
import getRoleDefinition from './get-role-definition.ts'
import listDenyAssignments from './list-deny-assignments.ts'
import listPermissions from './list-permissions.ts'
import listRoleAssignments from './list-role-assignments.ts'
import listRoleDefinitions from './list-role-definitions.ts'
import previewConversion from './preview-conversion.ts'
import putRoleAssignment from './put-role-assignment.ts'
import putRoleDefinition from './put-role-definition.ts'

/** Microsoft.Authorization, as far as we answer it, and what Azure has no word for. */
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
  explainAccess(),
  previewConversion(),
  convertAccess(),
]
