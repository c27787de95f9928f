import { operation } from '../operation.ts'
import { flag, list, nothing, nullable, optional, type Read, record, text } from '../shape.ts'
import {
  deed,
  displayName,
  groupsBelow,
  listAt,
  listBelow,
  named,
  none,
  one,
  oneAt,
  reference,
  removalAt,
  words,
} from './objects.ts'

/** Microsoft Graph: groups of people, service principals and other groups. All are security groups. */
const members = {
  description: nullable(words(1024)),
  mailNickname: optional(named(64)),
  mailEnabled: optional(flag),
  securityEnabled: optional(flag),
  groupTypes: optional(list(text({ maxCharacters: 32 }), { maxItems: 4 })),
} as const
const newGroup = record({ ...members, displayName })
const changedGroup = record({ ...members, displayName: optional(displayName) })
export type ChangedGroup = Read<typeof changedGroup>

export const listGroups = listAt('GroupList', '/v1.0/groups')
export const getGroup = oneAt('GroupGet', '/v1.0/groups/:id')
export const createGroup = deed({
  id: 'GroupCreate',
  method: 'POST',
  path: '/v1.0/groups',
  action: 'directory-groups/create',
  params: none,
  body: newGroup,
  status: 201,
})
export const updateGroup = deed({
  id: 'GroupUpdate',
  method: 'PATCH',
  path: '/v1.0/groups/:id',
  action: 'directory-groups/update',
  params: one,
  body: changedGroup,
  status: 204,
})
export const deleteGroup = removalAt('GroupDelete', '/v1.0/groups/:id', 'directory-groups/delete')

export const listMembers = listBelow('GroupMemberList', '/v1.0/groups/:id/members')
export const listTransitiveMembers = listBelow('GroupTransitiveMemberList', '/v1.0/groups/:id/transitiveMembers')
export const addMember = deed({
  id: 'GroupMemberAdd',
  method: 'POST',
  path: '/v1.0/groups/:id/members/$ref',
  action: 'directory-groups/members',
  params: one,
  body: reference,
  status: 204,
})
export const removeMember = operation({
  id: 'GroupMemberRemove',
  method: 'DELETE',
  path: '/v1.0/groups/:id/members/:member/$ref',
  since: 'always',
  action: 'directory-groups/members',
  effect: 'write',
  params: record({ id: text({ maxCharacters: 256 }), member: text({ maxCharacters: 64 }) }),
  query: none,
  body: nothing,
  status: 204,
})
export const { memberOf, transitiveMemberOf, getMemberGroups, checkMemberGroups } = groupsBelow('Group', 'groups')

/** Only registrations of applications have owners here: this list is empty. */
export const listOwners = listBelow('GroupOwnerList', '/v1.0/groups/:id/owners')
