import type {
  PermissionResource,
  RoleAssignmentResource,
  RoleDefinitionResource,
} from '@cardea/contract/management/authorization'
import { Fault } from '#base/fault.ts'
import type { KeptAssignment } from '#core/access/assignments.ts'
import type { Role } from '#core/access/definitions.ts'
import type { Tenancy } from '../../tenancy.ts'

const provider = '/providers/Microsoft.Authorization'
const isoOf = (at: number): string => new Date(at).toISOString()

/** Roles are named by the subscription's path everywhere: clients put names on assignments by comparing these ids. */
const definitionId = ({ subscription }: Tenancy, role: string): string =>
  `/subscriptions/${subscription}${provider}/roleDefinitions/${role}`

/** A role assignment as Resource Manager shows it. */
export const assignmentResource = (tenancy: Tenancy, given: KeptAssignment): RoleAssignmentResource => ({
  id: `${given.scope === '/' ? '' : given.scope}${provider}/roleAssignments/${given.id}`,
  name: given.id,
  type: 'Microsoft.Authorization/roleAssignments',
  properties: {
    roleDefinitionId: definitionId(tenancy, given.role),
    principalId: given.principal,
    principalType: given.kind ?? 'ServicePrincipal',
    scope: given.scope,
    description: given.description ?? null,
    condition: given.condition ?? null,
    conditionVersion: given.condition === undefined ? null : '2.0',
    createdOn: isoOf(given.created),
    updatedOn: isoOf(given.updated),
    createdBy: given.createdBy ?? null,
    updatedBy: given.updatedBy ?? null,
    delegatedManagedIdentityResourceId: null,
  },
})

/** What a role allows, as Azure's lists of patterns. */
export const permissionOf = (role: Role): PermissionResource => ({
  actions: [...role.actions],
  notActions: [...role.notActions],
  dataActions: [...role.dataActions],
  notDataActions: [...role.notDataActions],
  ...(role.condition !== undefined && { condition: role.condition, conditionVersion: '2.0' }),
})

/** A role as Resource Manager shows it. */
export const definitionResource = (tenancy: Tenancy, role: Role): RoleDefinitionResource => ({
  id: definitionId(tenancy, role.id),
  name: role.id,
  type: 'Microsoft.Authorization/roleDefinitions',
  properties: {
    roleName: role.name,
    type: role.made === undefined ? 'BuiltInRole' : 'CustomRole',
    description: role.description,
    assignableScopes: [...role.scopes],
    permissions: [permissionOf(role)],
    createdOn: role.made === undefined ? null : isoOf(role.made.created),
    updatedOn: role.made === undefined ? null : isoOf(role.made.updated),
    createdBy: role.made?.createdBy ?? null,
    updatedBy: role.made?.updatedBy ?? null,
  },
})

/** The role that a body names: by its id alone, or by its resource id at any scope of ours. */
export function roleIdFrom({ subscription }: Tenancy, given: string): string {
  const [, path = '', id] =
    /^(.*?)(?:\/providers\/Microsoft\.Authorization\/roleDefinitions\/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(
      given,
    ) ?? []
  const ours = path === '' || `${path.toLowerCase()}/`.startsWith(`/subscriptions/${subscription}/`)
  if (id !== undefined && ours) return id.toLowerCase()
  throw new Fault('invalid', `'${given.slice(0, 256)}' is no role definition of this subscription.`, {
    arm: 'InvalidRoleDefinitionId',
  })
}
