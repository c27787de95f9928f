import { builtInRoles } from '@cardea/contract/roles'
import type { Sql } from '#base/sql.ts'
import { holdersOf } from '#core/identity/applications.ts'
import { accessKeyIn, type Caller } from '#core/identity/caller.ts'
import { directoryKey, principalById } from '#core/identity/directory.ts'
import { groupsOf } from '#core/identity/membership.ts'
import { revoked, tokenStands } from '#core/identity/standing.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { assignmentsOfAccessKey } from './access-keys.ts'
import { assignmentsOf } from './access-rows.ts'
import { conditionFrom } from './condition.ts'
import type { Grant, RoleAssignment } from './grant.ts'
import { keyHolder, type Role, roleById } from './roles.ts'

/** An assignment that somebody holds, by themselves or by a group that they belong to. */
export type Held = { readonly assignment: RoleAssignment; readonly role: Role }

/** What a caller holds; nothing for one that is unknown or disabled. */
type Holding = {
  /** The caller, and the groups that it belongs to. */
  readonly principals: readonly string[]
  readonly held: readonly Held[]
}
const nothing: Holding = { principals: [], held: [] }

/**
 * What was assigned to a caller: an access key has its rights by itself, a principal by role assignments. One whose
 * credential was taken away since is sent back to prove itself anew.
 */
export async function holdingOf(sql: Sql, keyring: Keyring, { objectId, credential }: Who): Promise<Holding> {
  const accessKey = accessKeyIn(objectId)
  if (accessKey !== undefined) {
    const own = await assignmentsOfAccessKey(sql, keyring, accessKey)
    return { principals: [objectId], held: await withRoles(sql, keyring, own) }
  }
  const who = objectId === '' ? undefined : await principalById(sql, keyring, objectId)
  if (who?.enabled !== true) return nothing
  if (credential !== undefined && !(await tokenStands(sql, keyring, objectId, credential))) throw revoked()
  const principals = [objectId, ...(await groupsOf(sql, keyring, objectId))]
  const proven: RoleAssignment[] = who.kind === 'user' ? [everyPerson(objectId)] : []
  for (const principal of principals) {
    for (const assignment of await assignmentsOf(sql, principal)) {
      if (await isProven(sql, keyring, assignment)) proven.push(assignment)
    }
  }
  const ofItself = who.kind === 'application' ? await keysOf(sql, keyring, objectId) : []
  return { principals, held: [...(await withRoles(sql, keyring, proven)), ...ofItself] }
}

/** An application renews its own keys, as in Entra; that it has one is asked besides. */
const keysOf = async (sql: Sql, keyring: Keyring, principal: string): Promise<Held[]> =>
  (await holdersOf(sql, keyring, principal)).map((holder) => {
    const scope = `${holder === principal ? '/directory/servicePrincipals' : '/directory/applications'}/${holder}`
    return { assignment: { id: 'own-keys', principal, role: keyHolder.id, scope }, role: keyHolder }
  })

/** People may look at the directory that they are in, as members may in Entra; applications need a role for it. */
const everyPerson = (principal: string): RoleAssignment => ({
  id: 'members-of-the-directory',
  principal,
  role: builtInRoles.directoryReaders.id,
  scope: '/directory',
})

type Who = Pick<Caller, 'objectId' | 'credential'>

async function withRoles(sql: Sql, keyring: Keyring, assignments: readonly RoleAssignment[]): Promise<Held[]> {
  const roles = new Map<string, Role | undefined>()
  for (const { role } of assignments) if (!roles.has(role)) roles.set(role, await roleById(sql, keyring, role))
  return assignments.flatMap((assignment) => {
    const role = roles.get(assignment.role)
    return role === undefined ? [] : [{ assignment, role }]
  })
}

/** What an assignment grants. */
export function grantOf({ assignment: { id, scope, condition }, role }: Held): Grant {
  const conditions = [role.binds, condition === undefined ? undefined : conditionFrom(condition)]
  const binding = conditions.filter((one) => one !== undefined)
  return {
    assignment: id,
    scope: scope.toLowerCase(),
    actions: role.allows,
    ...(binding.length > 0 && { conditions: binding }),
  }
}

/** Whether a row is as we wrote it. */
export const isProven = (
  sql: Sql,
  keyring: Keyring,
  assignment: RoleAssignment & { readonly proof: Uint8Array },
): Promise<boolean> => keyring.isFingerprint(sql, directoryKey, wordsOf(assignment), assignment.proof)

/** What a proof is made over: a row that the database's administrator changes or adds doesn't fit its own. */
export const wordsOf = ({ id, principal, role, scope, condition }: RoleAssignment): string =>
  JSON.stringify(['assignment', id, principal, role, scope, ...(condition === undefined ? [] : [condition])])
