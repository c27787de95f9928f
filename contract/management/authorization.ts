import { words } from '../directory/objects.ts'
import { guid } from '../guid.ts'
import { operation } from '../operation.ts'
import { list, nothing, nullable, oneOf, optional, record, text } from '../shape.ts'

/**
 * Microsoft.Authorization: role definitions and role assignments, asked below any scope (Azure's REST reference, *Authorization*).
 * Api-versions are dates; any is taken.
 */
const named = record({ name: guid })
const none = record({})
const filtered = record({ $filter: optional(text({ maxCharacters: 1024 })) })

const roleAssignments = '/providers/Microsoft.Authorization/roleAssignments'
const roleDefinitions = '/providers/Microsoft.Authorization/roleDefinitions'

export const putRoleAssignment = operation({
  id: 'RoleAssignmentPut',
  method: 'PUT',
  path: `${roleAssignments}/:name`,
  scoped: true,
  since: 'always',
  action: 'roles/assign',
  effect: 'write',
  params: named,
  query: none,
  body: record({
    properties: record({
      roleDefinitionId: words(1024),
      principalId: guid,
      principalType: nullable(oneOf('User', 'Group', 'ServicePrincipal', 'ForeignGroup', 'Device')),
      description: nullable(words(1024)),
      condition: nullable(words(8192)),
      conditionVersion: nullable(words(16)),
    }),
  }),
  status: 201,
})

export const getRoleAssignment = operation({
  id: 'RoleAssignmentGet',
  method: 'GET',
  path: `${roleAssignments}/:name`,
  scoped: true,
  since: 'always',
  action: 'roles/read',
  effect: 'read',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const deleteRoleAssignment = operation({
  id: 'RoleAssignmentDelete',
  method: 'DELETE',
  path: `${roleAssignments}/:name`,
  scoped: true,
  since: 'always',
  action: 'roles/unassign',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const listRoleAssignments = operation({
  id: 'RoleAssignmentList',
  method: 'GET',
  path: roleAssignments,
  scoped: true,
  since: 'always',
  action: 'roles/read',
  effect: 'read',
  params: none,
  query: filtered,
  body: nothing,
  status: 200,
})

/** Makes a global administrator, who alone may ask, User Access Administrator of everything there is. */
export const elevateAccess = operation({
  id: 'AccessElevate',
  method: 'POST',
  path: '/providers/Microsoft.Authorization/elevateAccess',
  since: '2015-07-01',
  action: 'access/elevate',
  effect: 'write',
  params: none,
  query: none,
  body: nothing,
  status: 200,
})

const patterns = optional(list(words(256), { maxItems: 512 }))

export const putRoleDefinition = operation({
  id: 'RoleDefinitionPut',
  method: 'PUT',
  path: `${roleDefinitions}/:name`,
  scoped: true,
  since: 'always',
  action: 'role-definitions/write',
  effect: 'write',
  params: named,
  query: none,
  body: record({
    properties: record({
      roleName: words(512),
      description: nullable(words(2048)),
      permissions: list(
        record({
          actions: patterns,
          notActions: patterns,
          dataActions: patterns,
          notDataActions: patterns,
          condition: nullable(words(8192)),
        }),
        { maxItems: 16 },
      ),
      assignableScopes: list(words(1024), { maxItems: 100 }),
    }),
  }),
  status: 201,
})

export const getRoleDefinition = operation({
  id: 'RoleDefinitionGet',
  method: 'GET',
  path: `${roleDefinitions}/:name`,
  scoped: true,
  since: 'always',
  action: 'role-definitions/read',
  effect: 'read',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const deleteRoleDefinition = operation({
  id: 'RoleDefinitionDelete',
  method: 'DELETE',
  path: `${roleDefinitions}/:name`,
  scoped: true,
  since: 'always',
  action: 'role-definitions/delete',
  effect: 'write',
  params: named,
  query: none,
  body: nothing,
  status: 200,
})

export const listRoleDefinitions = operation({
  id: 'RoleDefinitionList',
  method: 'GET',
  path: roleDefinitions,
  scoped: true,
  since: 'always',
  action: 'role-definitions/read',
  effect: 'read',
  params: none,
  query: filtered,
  body: nothing,
  status: 200,
})

/** Nobody makes deny assignments here, as no customer of Azure does. */
export const listDenyAssignments = operation({
  id: 'DenyAssignmentList',
  method: 'GET',
  path: '/providers/Microsoft.Authorization/denyAssignments',
  scoped: true,
  since: 'always',
  action: 'deny-assignments/read',
  effect: 'read',
  params: none,
  query: filtered,
  body: nothing,
  status: 200,
})

/** What the caller itself may do at a scope, role by role. */
export const listPermissions = operation({
  id: 'PermissionList',
  method: 'GET',
  path: '/providers/Microsoft.Authorization/permissions',
  scoped: true,
  since: 'always',
  action: 'permissions/read',
  effect: 'read',
  params: none,
  query: none,
  body: nothing,
  status: 200,
})

export type RoleAssignmentResource = {
  id: string
  name: string
  type: 'Microsoft.Authorization/roleAssignments'
  properties: {
    roleDefinitionId: string
    principalId: string
    principalType: string
    scope: string
    description: string | null
    condition: string | null
    conditionVersion: string | null
    createdOn: string
    updatedOn: string
    createdBy: string | null
    updatedBy: string | null
    delegatedManagedIdentityResourceId: null
  }
}

export type PermissionResource = {
  actions: string[]
  notActions: string[]
  dataActions: string[]
  notDataActions: string[]
  condition?: string
  conditionVersion?: '2.0'
}

export type RoleDefinitionResource = {
  id: string
  name: string
  type: 'Microsoft.Authorization/roleDefinitions'
  properties: {
    roleName: string
    type: 'BuiltInRole' | 'CustomRole'
    description: string
    assignableScopes: string[]
    permissions: PermissionResource[]
    createdOn: string | null
    updatedOn: string | null
    createdBy: string | null
    updatedBy: string | null
  }
}
