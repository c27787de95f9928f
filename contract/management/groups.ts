import { operation } from '../operation.ts'
import { nothing, optional, record, type Shape, ShapeError, text } from '../shape.ts'
import { first, inSubscription, none, part, reading, region, tags } from './shapes.ts'

/**
 * A group's name: letters, digits, and `-_.()`, not ending with a full stop. Each letter in its one plain form: the sign
 * for kelvin is no k and a fullwidth p no p, though people, and comparisons without case, take them for one.
 */
const letters = text({
  pattern: /^[-\p{L}\p{N}_.()]{0,89}[-\p{L}\p{N}_()]$/u,
  wanted: 'a name of at most 90 letters, digits, and - _ . ( ), not ending with a full stop',
})
const groupName: Shape<string> = {
  read(value, where) {
    const name = letters.read(value, where)
    if (name !== name.normalize('NFKC')) throw new ShapeError(where, 'written in plain letters (Unicode NFKC)')
    return name
  },
}
const params = record({ subscription: part, group: groupName })
const path = '/subscriptions/:subscription/resourceGroups/:group'

export const putGroup = operation({
  id: 'ResourceGroupPut',
  method: 'PUT',
  path,
  since: first,
  action: 'groups/write',
  effect: 'write',
  params,
  query: none,
  body: record({ location: optional(region), tags: optional(tags) }),
  status: 200,
})

export const patchGroup = operation({
  id: 'ResourceGroupPatch',
  method: 'PATCH',
  path,
  since: first,
  action: 'groups/write',
  effect: 'write',
  params,
  query: none,
  body: record({ tags: optional(tags) }),
  status: 200,
})

export const getGroup = operation({
  ...reading,
  id: 'ResourceGroupGet',
  path,
  action: 'groups/read',
  params,
  query: none,
})

export const headGroup = operation({
  id: 'ResourceGroupHead',
  method: 'HEAD',
  path,
  since: first,
  action: 'groups/read',
  effect: 'read',
  params,
  query: none,
  body: nothing,
  status: 204,
})

export const deleteGroup = operation({
  id: 'ResourceGroupDelete',
  method: 'DELETE',
  path,
  since: first,
  action: 'groups/delete',
  effect: 'write',
  params,
  query: none,
  body: nothing,
  status: 200,
})

export const listGroups = operation({
  ...reading,
  id: 'ResourceGroupList',
  path: '/subscriptions/:subscription/resourceGroups',
  action: 'groups/read',
  reach: 'within',
  params: inSubscription,
  query: none,
})
