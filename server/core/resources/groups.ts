import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import { refuseMoved } from '#core/directory/location.ts'
import { refuseLocked } from '#core/locks/locks.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { Tags } from '#core/vaults/managed.ts'
import { lastIn } from '#core/vaults/resource-id.ts'
import { allGroups, type Group, keepGroup, keptGroup } from './group-rows.ts'

export type { Group } from './group-rows.ts'

/** The group that an installation begins with, in the turn that founds it. */
export const foundGroup = (turn: Turn, { name, location }: Pick<Group, 'name' | 'location'>): Promise<void> =>
  keepGroup(turn.sql, { name, location, tags: {}, created: turn.at })

/** The group of this name, however its letters are spelled. */
export async function groupNamed(sql: Sql, name: string): Promise<Group> {
  const group = await keptGroup(sql, name)
  if (group !== undefined) return group
  throw new Fault('not-found', `Resource group '${name}' could not be found.`, { arm: 'ResourceGroupNotFound' })
}

/** The group of this name. */
export const getGroup = ({ sql }: Sight<'groups/read'>, name: string): Promise<Group> => groupNamed(sql, name)

/** All groups, by name. */
export const listGroups = ({ sql }: Sight<'groups/read'>): Promise<Group[]> => allGroups(sql)

type GroupDraft = { readonly location?: string | undefined; readonly tags?: Tags | undefined }

/** Makes a group, or gives one that is there other tags. Answers with whether it is new. */
export async function putGroup(
  { sql, at }: Scope<'groups/write'>,
  id: string,
  { location, tags = {} }: GroupDraft,
): Promise<{ readonly group: Group; readonly fresh: boolean }> {
  await refuseLocked(sql, id, 'write')
  const before = await keptGroup(sql, lastIn(id))
  if (before !== undefined) refuseMoved({ resourceId: id, location: before.location }, location)
  else if (location === undefined) {
    throw new Fault('invalid', 'The location property is required for this definition.', { arm: 'LocationRequired' })
  }
  const group =
    before === undefined ? { name: lastIn(id), location: location ?? '', tags, created: at } : { ...before, tags }
  await keepGroup(sql, group)
  return { group, fresh: before === undefined }
}

/** Gives a group other tags, if any are named. */
export async function patchGroup({ sql }: Scope<'groups/write'>, id: string, tags: Tags | undefined): Promise<Group> {
  const before = await groupNamed(sql, lastIn(id))
  await refuseLocked(sql, id, 'write')
  const group = { ...before, tags: tags ?? before.tags }
  await keepGroup(sql, group)
  return group
}

/** The regions that are in use, and the one that every installation begins with. */
export async function locationsIn(sql: Sql): Promise<string[]> {
  return [...new Set([firstLocation, ...(await allGroups(sql)).map(({ location }) => location)])]
}
/** Where the first vault and store stand. */
export const firstLocation = 'local'
