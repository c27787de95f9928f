import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { amendEntry, enter, entriesAfter, entryById } from '#core/identity/entries.ts'
import type { Entry } from '#core/identity/entry.ts'
import { allMembersOf, directGroupsOf, groupsOf, join, leave, membersOf } from '#core/identity/membership.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { merged } from './applications.ts'
import { depart } from './departure.ts'
import { disempowering, refuseEscalation } from './escalation.ts'
import { type Key, noSuchObject, theEntry } from './look-up.ts'

/** Groups, and who belongs to them. */
export const getGroup = ({ sql }: Sight<'directory/read'>, key: Key): Promise<Entry> => theEntry(sql, key, 'group')

export const listGroups = ({ sql }: Sight<'directory/read'>, after: string, limit: number): Promise<Entry[]> =>
  entriesAfter(sql, ['group'], after, limit)

export type GroupChange = {
  readonly name?: string | undefined
  readonly details: Readonly<Record<string, unknown>>
}

export const createGroup = (
  { turn }: Scope<'directory-groups/create'>,
  { name, details }: GroupChange & { readonly name: string },
): Promise<Entry> =>
  enter(turn, {
    appId: '',
    kind: 'group',
    name,
    enabled: true,
    userPrincipalName: undefined,
    details: merged({}, details),
  })

export async function updateGroup(
  { sql, turn }: Scope<'directory-groups/update'>,
  key: Key,
  { name, details }: GroupChange,
): Promise<void> {
  const before = await theEntry(sql, key, 'group')
  await amendEntry(turn, { ...before, name: name ?? before.name, details: merged(before.details, details) })
}

/** Takes a group away, with what its members were allowed by it. */
export async function deleteGroup(scope: Scope<'directory-groups/delete'>, key: Key): Promise<void> {
  const { objectId } = await theEntry(scope.sql, key, 'group')
  await disempowering(scope, objectId, () => depart(scope.turn, objectId))
}

/** Makes somebody a member: what the group may do they may do from the moment this is answered. */
export async function addMember(scope: Scope<'directory-groups/members'>, key: Key, member: string): Promise<void> {
  const { sql, turn, keyring } = scope
  const group = await theEntry(sql, key, 'group')
  const entry = await theEntry(sql, { by: 'id', value: member })
  if (entry.objectId === group.objectId) {
    throw new Fault('invalid', 'A group cannot be a member of itself.', { where: 'members' })
  }
  await refuseEscalation(scope, group.objectId)
  await join(turn, keyring, group.objectId, entry.objectId)
}

export async function removeMember(scope: Scope<'directory-groups/members'>, key: Key, member: string): Promise<void> {
  const group = await theEntry(scope.sql, key, 'group')
  const left = await disempowering(scope, group.objectId, () => leave(scope.turn, group.objectId, member))
  if (!left) throw noSuchObject({ value: member })
}

async function entriesOf(sql: Sql, ids: readonly string[]): Promise<Entry[]> {
  const found = await Promise.all(ids.map((id) => entryById(sql, id)))
  return found.filter((entry) => entry !== undefined)
}

type Reach = 'direct' | 'transitive'

/** Who belongs to a group, by their own names or also by way of groups in it. */
export async function membersIn({ sql, keyring }: Sight<'directory/read'>, key: Key, reach: Reach): Promise<Entry[]> {
  const { objectId } = await theEntry(sql, key, 'group')
  return entriesOf(sql, await (reach === 'direct' ? membersOf : allMembersOf)(sql, keyring, objectId))
}

/** The groups of somebody of these kinds. */
export async function groupsAround(
  { sql, keyring }: Sight<'directory/read'>,
  key: Key,
  kinds: readonly Entry['kind'][],
  reach: Reach,
): Promise<Entry[]> {
  const { objectId } = await theEntry(sql, key, ...kinds)
  return entriesOf(sql, await (reach === 'direct' ? directGroupsOf : groupsOf)(sql, keyring, objectId))
}
