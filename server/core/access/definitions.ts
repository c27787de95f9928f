import type { Action } from '@cardea/contract/actions'
import { builtInRoleList } from '@cardea/contract/roles'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { isWithin } from '#base/scope.ts'
import type { Sql } from '#base/sql.ts'
import { directoryKey } from '#core/identity/directory.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Permit } from './access.ts'
import { assignmentsOfRole } from './access-rows.ts'
import { attributesOfAssignment } from './condition.ts'
import { definitionById, definitionByName, keepDefinition, removeDefinition } from './definition-rows.ts'
import { isProven } from './held.ts'
import {
  builtInRolesHere,
  customRoles,
  isBuiltIn,
  type Lists,
  nameKeyOf,
  type Role,
  roleById,
  wordsOfDefinition,
} from './roles.ts'
import { soundRole } from './sound-role.ts'

export type { Role } from './roles.ts'

/** What roles there are: Azure's and ours, and those that somebody makes here. */

type NewRole = Lists & {
  readonly id: string
  readonly name: string
  readonly description: string
  /** Where it may be assigned, as canonical resource ids. */
  readonly scopes: readonly string[]
  /** The object id of whoever makes it. */
  readonly by: string
}
type Looking = {
  readonly sql: Sql
  readonly keyring: Keyring
  readonly permit: Permit<'role-definitions/read'>
}
type Changing<A extends Action> = { readonly turn: Turn; readonly keyring: Keyring; readonly permit: Permit<A> }

/** The roles that can be assigned at a scope. */
export async function rolesAt({ sql, keyring }: Looking, scope: string): Promise<Role[]> {
  const custom = await customRoles(sql, keyring)
  return [...builtInRolesHere(), ...custom.filter((role) => isAround(role, scope))]
}

/** The role with this id, if it is one of those at a scope: of another's roles nobody is told there. */
export async function showRole({ sql, keyring }: Looking, scope: string, id: string): Promise<Role | undefined> {
  const role = await roleById(sql, keyring, id)
  return role !== undefined && (isBuiltIn(id) || isAround(role, scope)) ? role : undefined
}

/** Whether a role can be assigned at a scope, above it, or below it. */
const isAround = ({ scopes }: Role, scope: string): boolean =>
  scopes.some((one) => isWithin(one, scope) || isWithin(scope, one))

const builtInNames = new Set(builtInRoleList.map(({ name }) => nameKeyOf(name)))

/**
 * Makes a role, or changes one. It takes the right to do so at every scope at which the role can be assigned, before and
 * after; and, since whoever holds the role holds what it allows from then on, the right to assign it wherever it is.
 */
export async function putRole(
  { turn, keyring, permit }: Changing<'role-definitions/write'>,
  asked: NewRole,
): Promise<Role> {
  const { sql, at } = turn
  const wanted = soundRole(asked)
  if (isBuiltIn(wanted.id)) throw builtInFault()
  const nameKey = nameKeyOf(wanted.name)
  const before = await roleById(sql, keyring, wanted.id)
  for (const scope of wanted.scopes) {
    if (permit.allows('role-definitions/write', scope)) continue
    throw new Fault(
      'forbidden',
      `You may not write role definitions at ${scope}, which is one of its assignable scopes.`,
    )
  }
  if (before !== undefined) refuseElsewhere(permit, 'role-definitions/write', before)
  const other = await definitionByName(sql, nameKey)
  if (builtInNames.has(nameKey) || (other !== undefined && other.id !== wanted.id)) {
    throw new Fault('conflict', `A role definition named '${wanted.name}' exists already.`, {
      arm: 'RoleDefinitionWithSameNameExists',
    })
  }
  await refuseBroken(turn, keyring, permit, wanted)
  const lists = {
    actions: wanted.actions,
    notActions: wanted.notActions,
    dataActions: wanted.dataActions,
    notDataActions: wanted.notDataActions,
  }
  const words = { id: wanted.id, lists: JSON.stringify(lists), scopes: JSON.stringify(wanted.scopes) }
  await keepDefinition(sql, {
    ...words,
    name: wanted.name,
    nameKey,
    description: wanted.description,
    proof: await keyring.fingerprint(sql, directoryKey, wordsOfDefinition(words)),
    created: before?.made?.created ?? at,
    createdBy: before?.made?.createdBy ?? wanted.by,
    updated: at,
    updatedBy: wanted.by,
  })
  turn.changeAccess()
  return (await roleById(sql, keyring, wanted.id)) as Role
}

/** Takes a role away that nobody holds. */
export async function removeRole(
  { turn, keyring, permit }: Changing<'role-definitions/delete'>,
  id: string,
): Promise<Role | undefined> {
  const { sql } = turn
  if (isBuiltIn(id)) throw builtInFault()
  const role = await roleById(sql, keyring, id)
  if (role === undefined) {
    // What isn't ours is swept away, and was nothing.
    if ((await definitionById(sql, id)) !== undefined) await removeDefinition(sql, id)
    return undefined
  }
  refuseElsewhere(permit, 'role-definitions/delete', role)
  if ((await assignmentsOfRole(sql, id)).length > 0) {
    throw new Fault(
      'invalid',
      `There are existing role assignments referencing role ${role.name}. Take them away first.`,
      {
        arm: 'RoleDefinitionHasAssignments',
      },
    )
  }
  await removeDefinition(sql, id)
  turn.changeAccess()
  return role
}

/** Without saying where it can be assigned: who has no right there may not know that there is such a place. */
function refuseElsewhere<A extends Action>(permit: Permit<A>, action: A, { scopes }: Role): void {
  if (scopes.every((scope) => permit.allows(action, scope))) return
  throw new Fault('forbidden', 'The role can be assigned at scopes where you may not change role definitions.')
}

/** A change mustn't leave an assignment outside of the role's scopes, nor be a way to assign what one may not. */
async function refuseBroken(
  { sql }: Turn,
  keyring: Keyring,
  permit: Permit<'role-definitions/write'>,
  { id, scopes }: NewRole,
): Promise<void> {
  for (const one of await assignmentsOfRole(sql, id)) {
    if (!(await isProven(sql, keyring, one))) continue
    if (!scopes.some((scope) => isWithin(scope, one.scope))) {
      throw new Fault(
        'invalid',
        `The role is assigned at ${one.scope}, which would be outside of its assignable scopes.`,
        {
          arm: 'RoleDefinitionHasAssignments',
        },
      )
    }
    const about = attributesOfAssignment({ ...one, kind: one.kind ?? 'ServicePrincipal' })
    if (!permit.allows('roles/assign', one.scope, about)) {
      throw new Fault('forbidden', `The role is assigned at ${one.scope}, where you may not assign it.`)
    }
  }
}

const builtInFault = (): Fault =>
  new Fault('protected', 'Built-in roles can be neither changed nor deleted.', {
    arm: 'RoleDefinitionUpdateNotPermitted',
  })
