import { type Action, actionNames, kindOf } from '@cardea/contract/actions'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { principalById } from '#core/identity/directory.ts'
import { allMembersOf, groupsOf } from '#core/identity/membership.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { assignmentsAt, assignmentsOf, type KeptAssignment } from './access-rows.ts'
import { isProven } from './held.ts'
import { type Role, roleById } from './roles.ts'

/** Who may let others do things, and that there is always somebody who may. */

/** Together only in the hands of those who administer the whole directory. */
export const wholeDirectoryMarks: readonly Action[] = [
  'directory-groups/delete',
  'service-principals/credentials',
  'users/password',
]

/** What must never be in nobody's hands: then not even the last one who had it could undo that. */
const powers = [
  {
    allowedBy: ({ allows }: Role) => allows.has('roles/assign'),
    words: 'This would leave nobody who may assign roles here. Assign such a role to somebody else first.',
  },
  {
    allowedBy: ({ allows }: Role) => wholeDirectoryMarks.every((action) => allows.has(action)),
    words: 'This would leave nobody who administers the directory. Make somebody else a Global Administrator first.',
  },
] as const
type Power = (typeof powers)[number]

type Changing = { readonly turn: Turn; readonly keyring: Keyring }

/** Does something that takes rights from a principal, unless somebody's hands would then be empty that mustn't be. */
export async function keepingAdministrators<T>(
  { turn: { sql }, keyring }: Changing,
  principal: string,
  change: () => Promise<T>,
): Promise<T> {
  const held = await powersAround(sql, keyring, principal)
  const result = await change()
  for (const { power, scope } of held) {
    if (!(await isHeld(sql, keyring, power, scope)))
      throw new Fault('conflict', power.words, {
        arm: 'CannotDeleteLastRbacAdminRoleAssignment',
        graph: 'Request_BadRequest',
      })
  }
  return result
}

/** Which powers are in somebody's hands at the scopes where this principal has a part in it. */
async function powersAround(sql: Sql, keyring: Keyring, principal: string): Promise<{ power: Power; scope: string }[]> {
  const scopes = new Set<string>()
  for (const id of [principal, ...(await groupsOf(sql, keyring, principal))]) {
    for (const { scope } of await assignmentsOf(sql, id)) {
      // Only all there is, a subscription or the directory can be left without: below them, somebody above can help.
      if (scope.split('/').length <= 3) scopes.add(scope)
    }
  }
  const held: { power: Power; scope: string }[] = []
  for (const scope of scopes) {
    for (const power of powers) if (await isHeld(sql, keyring, power, scope)) held.push({ power, scope })
  }
  return held
}

async function isHeld(sql: Sql, keyring: Keyring, power: Power, scope: string): Promise<boolean> {
  for (const place of new Set(['/', scope])) {
    for (const one of await assignmentsAt(sql, place)) {
      if ((await gives(sql, keyring, one, power)) && (await hasSomebody(sql, keyring, one.principal))) return true
    }
  }
  return false
}

async function gives(sql: Sql, keyring: Keyring, one: KeptAssignment, power: Power): Promise<boolean> {
  if (one.condition !== undefined || !(await isProven(sql, keyring, one))) return false
  const role = await roleById(sql, keyring, one.role)
  return role !== undefined && role.binds === undefined && power.allowedBy(role)
}

/** Whether a principal can do anything: it is switched on, or as a group has such a member. */
async function hasSomebody(sql: Sql, keyring: Keyring, principal: string): Promise<boolean> {
  for (const id of [principal, ...(await allMembersOf(sql, keyring, principal))]) {
    const who = await principalById(sql, keyring, id)
    if (who?.enabled === true && who.kind !== 'group') return true
  }
  return false
}

const lettingOthers = actionNames.filter(
  (action) => action === 'roles/assign' || (kindOf(action) === 'directory' && action !== 'directory/read'),
)

/** Whether somebody, also by way of groups and also while switched off, may assign roles or change the directory. */
export async function isAdministrator(sql: Sql, keyring: Keyring, principal: string): Promise<boolean> {
  for (const id of [principal, ...(await groupsOf(sql, keyring, principal))]) {
    for (const { role: named } of await assignmentsOf(sql, id)) {
      const role = await roleById(sql, keyring, named)
      if (role !== undefined && lettingOthers.some((action) => role.allows.has(action))) return true
    }
  }
  return false
}
