import { type Action, actionNames, actions, kindOf } from '@cardea/contract/actions'
import { builtInRoleList, type RoleDefinition } from '@cardea/contract/roles'

/** What somebody may do, where, and by which assignment. */
export type Grant = {
  readonly assignment: string
  /** The resource id at and below which it holds, in lower case: resource ids are compared so. */
  readonly scope: string
  readonly actions: ReadonlySet<Action>
}

export type RoleAssignment = {
  readonly id: string
  readonly principal: string
  readonly role: string
  readonly scope: string
}

const roles = new Map(builtInRoleList.map((role) => [role.id, { role, actions: actionsOf(role) }]))

/** Azure's wildcard: `*` stands for any characters, also `/`, and letters are compared without case. */
function matches(pattern: string, name: string): boolean {
  const text = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${text.join('.*')}$`, 'i').test(name)
}

/** The actions that a role allows, each kind by its own list, without those that it takes back. */
export function actionsOf(role: RoleDefinition): ReadonlySet<Action> {
  const lists = {
    data: [role.dataActions, role.notDataActions],
    management: [role.actions, role.notActions],
    directory: [role.directoryActions, []],
  } as const
  const allowed = (action: Action) => {
    const [given, taken] = lists[kindOf(action)]
    const named = (pattern: string) => matches(pattern, actions[action])
    return given.some(named) && !taken.some(named)
  }
  return new Set(actionNames.filter(allowed))
}

export const roleExists = (role: string): boolean => roles.has(role)

/** What an assignment grants; a role that is unknown grants nothing. */
export const grantOf = ({ id, role, scope }: RoleAssignment): Grant => ({
  assignment: id,
  scope: scope.toLowerCase(),
  actions: roles.get(role)?.actions ?? new Set(),
})

const contains = (scope: string, resource: string): boolean =>
  scope === '/' || resource === scope || (resource.startsWith(scope) && resource[scope.length] === '/')

/** The grant that allows `action` on exactly this resource, or undefined: what isn't granted is denied. */
export function allowing(grants: readonly Grant[], action: Action, resource: string): Grant | undefined {
  const place = resource.toLowerCase()
  return grants.find((grant) => contains(grant.scope, place) && grant.actions.has(action))
}

/** The grant that allows `action` on something at, above or below this resource. */
export function allowingWithin(grants: readonly Grant[], action: Action, resource: string): Grant | undefined {
  const place = resource.toLowerCase()
  return (
    allowing(grants, action, resource) ??
    grants.find((grant) => contains(place, grant.scope) && grant.actions.has(action))
  )
}
