import { type Action, actions } from '@cardea/contract/actions'
import { builtInRoleList, type RoleDefinition } from '@cardea/contract/roles'
import { role } from '@cardea/contract/roles/definition'
import type { Instant } from '#base/clock.ts'
import type { Sql } from '#base/sql.ts'
import { directoryKey } from '#core/identity/directory.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import { type Condition, conditionFrom } from './condition.ts'
import { allDefinitions, definitionById, type KeptDefinition } from './definition-rows.ts'
import { actionsOf } from './grant.ts'

/** A role, ready to be asked. */
export type Role = RoleDefinition & {
  readonly allows: ReadonlySet<Action>
  readonly binds: Condition | undefined
  /** Where it may be assigned: at these scopes and below. */
  readonly scopes: readonly string[]
  /** Who made it and when; undefined for the built-in ones. */
  readonly made: Made | undefined
}
export type Made = {
  readonly created: Instant
  readonly createdBy: string
  readonly updated: Instant
  readonly updatedBy: string
}

const ready = (definition: RoleDefinition, scopes: readonly string[], made: Made | undefined): Role => ({
  ...definition,
  allows: actionsOf(definition),
  binds: definition.condition === undefined ? undefined : conditionFrom(definition.condition),
  scopes,
  made,
})

const builtIn = new Map(builtInRoleList.map((definition) => [definition.id, ready(definition, ['/'], undefined)]))
const ofOurOwn = /^c3b4dea0-/

/** Whether it is one of Cardea's own roles, which hold whichever way a vault is opened. */
export const isOurs = ({ id }: Role): boolean => builtIn.has(id) && ofOurOwn.test(id)
/** Whether a role is one that everybody has, and nobody can change. */
export const isBuiltIn = (id: string): boolean => builtIn.has(id)
/** The roles that everybody has. */
export const builtInRolesHere = (): readonly Role[] => [...builtIn.values()]

/** What each application may do with itself: nobody assigns it, and nobody takes it away. */
export const keyHolder: Role = ready(
  role('c3b4dea0-0000-4000-8000-00000000c0de', 'Key Holder', 'Renew one’s own keys, with proof that one has them.', {
    directoryActions: [actions['keys/roll']],
  }),
  [],
  undefined,
)

/** The role with this id; a row that was changed by hand is none. */
export async function roleById(sql: Sql, keyring: Keyring, id: string): Promise<Role | undefined> {
  const found = builtIn.get(id)
  if (found !== undefined) return found
  const kept = await definitionById(sql, id)
  return kept && (await proven(sql, keyring, kept))
}

/** Every role that somebody made here. */
export async function customRoles(sql: Sql, keyring: Keyring): Promise<Role[]> {
  const roles: Role[] = []
  for (const kept of await allDefinitions(sql)) {
    const role = await proven(sql, keyring, kept)
    if (role !== undefined) roles.push(role)
  }
  return roles
}

async function proven(sql: Sql, keyring: Keyring, kept: KeptDefinition): Promise<Role | undefined> {
  if (!(await keyring.isFingerprint(sql, directoryKey, wordsOfDefinition(kept), kept.proof))) return undefined
  const lists = JSON.parse(kept.lists) as Lists
  const { id, name, description, created, createdBy, updated, updatedBy } = kept
  const definition = { id, name, description, ...lists, directoryActions: [] }
  return ready(definition, JSON.parse(kept.scopes) as string[], { created, createdBy, updated, updatedBy })
}

export type Lists = Pick<RoleDefinition, 'actions' | 'notActions' | 'dataActions' | 'notDataActions'>

/** What a role's proof is made over. */
export const wordsOfDefinition = ({ id, lists, scopes }: Pick<KeptDefinition, 'id' | 'lists' | 'scopes'>): string =>
  JSON.stringify(['role', id, lists, scopes])

/** Names of roles are compared without case, and without the many ways to write the same letters. */
export const nameKeyOf = (name: string): string => name.normalize('NFKC').toLowerCase().replace(/\s+/gu, ' ').trim()
