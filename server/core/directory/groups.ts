import { Fault } from '#base/fault.ts'
import { principalById } from '#core/identity/directory.ts'
import { amendEntry, enter, entriesAfter } from '#core/identity/entries.ts'
import type { Entry } from '#core/identity/entry.ts'
import { allMembersOf, directGroupsOf, groupsOf, join, leave, membersOf } from '#core/identity/membership.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { merged } from './applications.ts'
import { depart } from './departure.ts'
import { disempowering, refuseEscalation } from './escalation.ts'
import { type Key, noSuchObject, theEntry } from './look-up.ts'

/** Groups, and who belongs to them. */
export const getGroup = (sight: Sight<'directory/read'>, key: Key): Promise<Entry> => theEntry(sight, key, 'group')

/** Groups in the order of their ids, after one. */
export const listGroups = ({ sql, keyring }: Sight<'directory/read'>, after: string, limit: number): Promise<Entry[]> =>
  entriesAfter(sql, keyring, ['group'], after, limit)

type GroupChange = {
  readonly name?: string | undefined
  readonly details: Readonly<Record<string, unknown>>
}

/** Makes a group without members. */
export const createGroup = (
  { turn, keyring }: Scope<'directory-groups/create'>,
  { name, details }: GroupChange & { readonly name: string },
): Promise<Entry> =>
  enter(turn, keyring, {
    appId: '',
    kind: 'group',
    name,
    enabled: true,
    userPrincipalName: undefined,
    details: merged({}, details),
  })

/** Changes what is named of a group. */
export async function updateGroup(
  scope: Scope<'directory-groups/update'>,
  key: Key,
  { name, details }: GroupChange,
): Promise<void> {
  const before = await theEntry(scope, key, 'group')
  await amendEntry(scope.turn, scope.keyring, {
    ...before,
    name: name ?? before.name,
    details: merged(before.details, details),
  })
}

/** Takes a group away, with what its members were allowed by it. */
export async function deleteGroup(scope: Scope<'directory-groups/delete'>, key: Key): Promise<void> {
  const { objectId } = await theEntry(scope, key, 'group')
  await disempowering(scope, objectId, () => depart(scope.turn, objectId))
}

/** Makes somebody a member: what the group may do they may do from the moment this is answered. */
export async function addMember(scope: Scope<'directory-groups/members'>, key: Key, member: string): Promise<void> {
  const { turn, keyring } = scope
  const group = await theEntry(scope, key, 'group')
  const entry = await theEntry(scope, { by: 'id', value: member })
  if (entry.objectId === group.objectId) {
    throw new Fault('invalid', 'A group cannot be a member of itself.', { where: 'members' })
  }
  await refuseEscalation(scope, group.objectId)
  await join(turn, keyring, group.objectId, entry.objectId)
}

/** Takes a member out of a group, with all that it may by that. Throws when it was none. */
export async function removeMember(scope: Scope<'directory-groups/members'>, key: Key, member: string): Promise<void> {
  const group = await theEntry(scope, key, 'group')
  const left = await disempowering(scope, group.objectId, () => leave(scope.turn, group.objectId, member))
  if (!left) throw noSuchObject({ value: member })
}

type Reading = Sight<'directory/read'>

async function entriesOf({ sql, keyring }: Reading, ids: readonly string[]): Promise<Entry[]> {
  const found = await Promise.all(ids.map((id) => principalById(sql, keyring, id)))
  return found.filter((entry) => entry !== undefined)
}

type Reach = 'direct' | 'transitive'

/** Who belongs to a group, by their own names or also by way of groups in it. */
export async function membersIn(sight: Reading, key: Key, reach: Reach): Promise<Entry[]> {
  const { sql, keyring } = sight
  const { objectId } = await theEntry(sight, key, 'group')
  return entriesOf(sight, await (reach === 'direct' ? membersOf : allMembersOf)(sql, keyring, objectId))
}

/** The groups of somebody of these kinds. */
export async function groupsAround(
  sight: Reading,
  key: Key,
  kinds: readonly Entry['kind'][],
  reach: Reach,
): Promise<Entry[]> {
  const { sql, keyring } = sight
  const { objectId } = await theEntry(sight, key, ...kinds)
  return entriesOf(sight, await (reach === 'direct' ? directGroupsOf : groupsOf)(sql, keyring, objectId))
}
