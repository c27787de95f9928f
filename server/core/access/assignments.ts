import { type Action, actionNames, actions, kindOf } from '@cardea/contract/actions'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { isWithin } from '#base/scope.ts'
import type { Sql } from '#base/sql.ts'
import { directoryKey, principalById } from '#core/identity/directory.ts'
import { groupsOf } from '#core/identity/membership.ts'
import { refuseLocked } from '#core/locks/locks.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Permit } from './access.ts'
import {
  addAssignment,
  assignmentById,
  assignmentsAt,
  assignmentsWithin,
  type KeptAssignment,
  removeAssignment,
  sameAssignment,
  sayAssignment,
} from './access-rows.ts'
import { keepingAdministrators } from './administrators.ts'
import { attributesOfAssignment, conditionFrom } from './condition.ts'
import type { RoleAssignment } from './grant.ts'
import { isProven, wordsOf } from './held.ts'
import { type Role, roleById } from './roles.ts'

export type { KeptAssignment } from './access-rows.ts'

/** Who was assigned which role, where: the doors through which that changes, and is seen. */

type NewAssignment = RoleAssignment & {
  readonly description?: string | undefined
  /** What the principal is said to be, in Azure's words. */
  readonly claimed?: string | undefined
  /** The object id of whoever assigns it. */
  readonly by?: string | undefined
}
type Looking = { readonly sql: Sql; readonly keyring: Keyring }
type Changing<A extends Action> = { readonly turn: Turn; readonly keyring: Keyring; readonly permit: Permit<A> }

/** The resource by which rights in the directory are asked for. */
const directory = '/directory'

/**
 * Assigns a role. The same role for the same principal at the same scope twice is a conflict; under the same id it gets
 * the words and the condition that are given now. Who assigns must be allowed to assign this role to this principal at
 * this scope, by whatever condition their own right bears.
 */
export async function assignRole(
  { turn, keyring, permit }: Changing<'roles/assign' | 'vaults/write'>,
  wanted: NewAssignment,
): Promise<KeptAssignment> {
  const { sql } = turn
  const kind = await kindOfPrincipal(sql, keyring, wanted.principal)
  if (wanted.claimed !== undefined && wanted.claimed !== kind) {
    throw new Fault(
      'invalid',
      `The PrincipalId '${wanted.principal}' has type '${kind}', which is different from specified PrincipalType '${wanted.claimed}'.`,
      { arm: 'UnmatchedPrincipalType' },
    )
  }
  const role = await existingRole(sql, keyring, wanted.role)
  if (!permit.allows('roles/assign', wanted.scope, attributesOfAssignment({ ...wanted, kind }))) {
    throw new Fault(
      'forbidden',
      'You may not assign this role to this principal at this scope: a condition on your own right to assign roles, or its scope, forbids it.',
    )
  }
  refuseBorrowedDirectory(permit, role)
  await refuseLocked(turn.sql, idOf(wanted), 'write')
  if (!role.scopes.some((scope) => isWithin(scope, wanted.scope))) {
    throw new Fault('invalid', "The role can't be assigned at this scope; see its assignable scopes.", {
      arm: 'RoleDefinitionNotAssignableAtScope',
    })
  }
  if (wanted.condition !== undefined) conditionFrom(wanted.condition)
  return keepAssignment(turn, keyring, { ...wanted, kind })
}

/** An assignment is a resource at its scope, so locks there are about it too. */
export const idOf = ({ scope, id }: Pick<RoleAssignment, 'scope' | 'id'>): string =>
  `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/roleAssignments/${id}`

/** Takes an assignment away; it holds no longer from the moment this is answered. */
export async function unassignRole(
  { turn, keyring, permit }: Changing<'roles/unassign'>,
  id: string,
): Promise<KeptAssignment> {
  const { sql } = turn
  const kept = await assignmentById(sql, id)
  if (kept === undefined)
    throw new Fault('not-found', 'There is no such role assignment.', { arm: 'RoleAssignmentNotFound' })
  const kind = kept.kind ?? 'ServicePrincipal'
  if (!permit.allows('roles/unassign', kept.scope, attributesOfAssignment({ ...kept, kind }))) {
    throw new Fault(
      'forbidden',
      'You may not take this role assignment away: a condition on your own right to do so, or its scope, forbids it.',
    )
  }
  await refuseLocked(sql, idOf(kept), 'delete')
  await keepingAdministrators({ turn, keyring }, kept.principal, () => removeAssignment(sql, id))
  turn.changeAccess()
  return kept
}

/** The founding of an installation assigns its first roles, in the turn that makes it; nobody could be permitted to. */
export async function foundRole(turn: Turn, keyring: Keyring, assignment: RoleAssignment): Promise<void> {
  await existingRole(turn.sql, keyring, assignment.role)
  await keepAssignment(turn, keyring, {
    ...assignment,
    kind: await kindOfPrincipal(turn.sql, keyring, assignment.principal),
  })
}

/** Which assignments around a scope somebody wants to see. */
export type Around = {
  readonly below: boolean
  /** Only those of these principals. */
  readonly of: { readonly principal: string; readonly groupsToo: boolean } | undefined
}

/** The assignments that hold at a scope, and, where asked for, those below it. */
export async function assignmentsAround(
  { sql, keyring }: Looking & { readonly permit: Permit<'roles/read'> },
  scope: string,
  { below, of }: Around,
): Promise<KeptAssignment[]> {
  const found: KeptAssignment[] = []
  for (const above of scopesAbove(scope)) found.push(...(await assignmentsAt(sql, above)))
  found.push(...(below ? await assignmentsWithin(sql, scope) : await assignmentsAt(sql, scope)))
  const principals = of && new Set([of.principal, ...(of.groupsToo ? await groupsOf(sql, keyring, of.principal) : [])])
  const proven: KeptAssignment[] = []
  for (const one of found) {
    if (principals !== undefined && !principals.has(one.principal)) continue
    if (await isProven(sql, keyring, one)) proven.push(one)
  }
  return proven
}

/** The assignment of this id at exactly this scope. */
export async function assignmentAt(
  { sql, keyring }: Looking,
  scope: string,
  id: string,
): Promise<KeptAssignment | undefined> {
  const kept = await assignmentById(sql, id)
  if (kept === undefined || kept.scope.toLowerCase() !== scope.toLowerCase()) return undefined
  return (await isProven(sql, keyring, kept)) ? kept : undefined
}

/** The scopes that a scope lies in, without itself. */
function scopesAbove(scope: string): string[] {
  const above = ['/']
  for (let end = scope.indexOf('/', 1); end > 0; end = scope.indexOf('/', end + 1)) above.push(scope.slice(0, end))
  return scope === '/' ? [] : above
}

const kinds = {
  application: 'ServicePrincipal',
  'managed-identity': 'ServicePrincipal',
  user: 'User',
  group: 'Group',
} as const

/** What a principal is, in Azure's words. Throws `invalid` for nobody. */
export async function kindOfPrincipal(sql: Sql, keyring: Keyring, id: string): Promise<string> {
  const principal = await principalById(sql, keyring, id)
  if (principal !== undefined) return kinds[principal.kind]
  throw new Fault(
    'invalid',
    `Principal ${id.slice(0, 64)} does not exist in the directory. Check that you have the correct principal ID.`,
    { arm: 'PrincipalNotFound' },
  )
}

async function existingRole(sql: Sql, keyring: Keyring, id: string): Promise<Role> {
  const role = await roleById(sql, keyring, id)
  if (role !== undefined) return role
  throw new Fault('not-found', `The specified role definition with ID '${id.slice(0, 64)}' does not exist.`, {
    arm: 'RoleDefinitionDoesNotExist',
  })
}

/** Whoever manages resources doesn't by that manage the directory (promise P9): only who holds its rights passes them on. */
function refuseBorrowedDirectory(permit: Permit<Action>, role: Role): void {
  const missing = actionNames.find(
    (action) => role.allows.has(action) && kindOf(action) === 'directory' && !permit.allows(action, directory),
  )
  if (missing === undefined) return
  throw new Fault('forbidden', `Only who holds the right ${actions[missing]} in the directory may assign this role.`)
}

/** Keeps an assignment, for whoever has seen that it may be made. */
export async function keepAssignment(
  turn: Turn,
  keyring: Keyring,
  { by, claimed: _, ...wanted }: NewAssignment & { readonly kind: string },
): Promise<KeptAssignment> {
  const { sql, at } = turn
  const proof = await keyring.fingerprint(sql, directoryKey, wordsOf(wanted))
  const before = await assignmentById(sql, wanted.id)
  const made = { created: at, createdBy: by, updated: at, updatedBy: by }
  const kept: KeptAssignment = { ...wanted, ...made, proof }
  turn.changeAccess()
  if (before !== undefined && (await isProven(sql, keyring, before))) {
    const same =
      before.principal === kept.principal &&
      before.role === kept.role &&
      before.scope.toLowerCase() === kept.scope.toLowerCase()
    if (!same) {
      throw new Fault('conflict', 'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.', {
        arm: 'RoleAssignmentUpdateNotPermitted',
      })
    }
    // The proof is made over the scope as it was spelled first.
    const scope = before.scope
    const renewed = await keyring.fingerprint(sql, directoryKey, wordsOf({ ...kept, scope }))
    const said = { ...kept, scope, created: before.created, createdBy: before.createdBy, proof: renewed }
    await sayAssignment(sql, said)
    return said
  }
  // A row that isn't ours stands in nobody's way.
  for (const other of [before, await sameAssignment(sql, kept)]) {
    if (other !== undefined && !(await isProven(sql, keyring, other))) await removeAssignment(sql, other.id)
  }
  if (!(await addAssignment(sql, kept))) {
    throw new Fault('conflict', 'The role assignment already exists.', { arm: 'RoleAssignmentExists' })
  }
  return kept
}
