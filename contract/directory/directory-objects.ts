import { guid } from '../guid.ts'
import { operation } from '../operation.ts'
import { list, nullable, record, text } from '../shape.ts'
import { groupsBelow, none, oneAt } from './objects.ts'

/** Microsoft Graph: whatever it is, by its id. */
export const getDirectoryObject = oneAt('DirectoryObjectGet', '/v1.0/directoryObjects/:id')

export const getByIds = operation({
  id: 'DirectoryObjectGetByIds',
  method: 'POST',
  path: '/v1.0/directoryObjects/getByIds',
  since: 'always',
  action: 'directory/read',
  effect: 'read',
  params: none,
  query: none,
  body: record({
    ids: list(guid, { maxItems: 1000 }),
    types: nullable(list(text({ maxCharacters: 64 }), { maxItems: 20 })),
  }),
  status: 200,
})

export const { memberOf, transitiveMemberOf, getMemberGroups, checkMemberGroups } = groupsBelow(
  'DirectoryObject',
  'directoryObjects',
)
