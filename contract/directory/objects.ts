import type { Action } from '../actions.ts'
import { guid } from '../guid.ts'
import { operation } from '../operation.ts'
import { absent, flag, list, nothing, oneOf, optional, type Read, record, type Shape, text, whole } from '../shape.ts'

/** What all objects of Microsoft Graph have in common: ids, names, and the ways in which lists are asked. */
export const none = record({})

/**
 * A name for people. Line breaks and other control characters could pretend to be another line of a list or a log;
 * marks of direction and lone halves of characters could pretend to be another name.
 */
export const named = (maxCharacters: number): Shape<string> =>
  text({
    maxCharacters,
    pattern: /^(?=.*\S)[^\p{Cc}\p{Cs}\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+$/u,
    wanted: 'a name without control characters and not blank',
  })
export const displayName = named(256)
/** Words in a sentence or several: line breaks may stand here. */
export const words = (maxCharacters: number): Shape<string> =>
  text({
    maxCharacters,
    pattern: /^(?:[\t\r\n]|[^\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069])*$/u,
    wanted: 'text without control characters',
  })

/** What we can't do is refused, since passing it over would answer another question. */
const notServed = absent('left out: this service has no such option')
const select = optional(
  text({ maxCharacters: 1024, pattern: /^[\w@.,\s]+$/, wanted: 'names of properties with commas between' }),
)

/** The parameters by which a list is asked. */
const listQuery = record({
  $filter: optional(text({ maxCharacters: 2048 })),
  $select: select,
  $top: optional(whole(1, 999)),
  $skiptoken: optional(guid),
  $count: optional(oneOf('true', 'false')),
  $search: notServed,
  $orderby: notServed,
  $expand: notServed,
})
export type ListQuery = Read<typeof listQuery>
export const oneQuery = record({ $select: select, $expand: notServed })

/** One object: its id, or in the way of OData another key (`appId='…'`), or for a person their user principal name. */
export const one = record({ id: text({ maxCharacters: 256 }) })

/** Lists and objects are read in the same way wherever they lie. */
const reading = {
  method: 'GET',
  since: 'always',
  action: 'directory/read',
  effect: 'read',
  body: nothing,
  status: 200,
} as const
/** All objects of a kind. */
export const listAt = (id: string, path: string) => operation({ ...reading, id, path, params: none, query: listQuery })
/** What belongs to one object. */
export const listBelow = (id: string, path: string) =>
  operation({ ...reading, id, path, params: one, query: listQuery })
/** One object, by its key. */
export const oneAt = (id: string, path: string) => operation({ ...reading, id, path, params: one, query: oneQuery })

/** What is asked by POST, and changes nothing. */
const askedOf = <B>(id: string, path: string, body: Shape<B>) =>
  operation({ ...reading, method: 'POST', id, path, params: one, query: none, body })

/** An object is taken away by its id. */
export const removalAt = <const A extends Action>(id: string, path: string, action: A) =>
  operation({
    id,
    method: 'DELETE',
    path,
    since: 'always',
    action,
    effect: 'write',
    params: one,
    query: none,
    body: nothing,
    status: 204,
  })

/** Something is made, changed or done at a path with a body. */
type Deed<A extends Action, P, B> = {
  readonly id: string
  readonly method: 'POST' | 'PATCH'
  readonly path: string
  readonly action: A
  readonly params: Shape<P>
  readonly body: Shape<B>
  readonly status: number
}
/** An operation that makes, changes or does something. */
export const deed = <const A extends Action, P, B>(declared: Deed<A, P, B>) =>
  operation({ ...declared, since: 'always', effect: 'write', query: none })

/** A pointer to another object, by its address (`@odata.id`). */
export const reference = record({ '@odata.id': text({ maxCharacters: 512 }) })

/** The groups of whoever asks. */
export const ownGroups = {
  myMemberOf: operation({
    ...reading,
    id: 'MeMemberOfList',
    path: '/v1.0/me/memberOf',
    params: none,
    query: listQuery,
  }),
  myTransitiveMemberOf: operation({
    ...reading,
    id: 'MeTransitiveMemberOfList',
    path: '/v1.0/me/transitiveMemberOf',
    params: none,
    query: listQuery,
  }),
}

/** The groups of somebody: named by themselves, by way of other groups, as ids, and of some whether they are among them. */
export const groupsBelow = (name: string, collection: string) => ({
  memberOf: listBelow(`${name}MemberOfList`, `/v1.0/${collection}/:id/memberOf`),
  transitiveMemberOf: listBelow(`${name}TransitiveMemberOfList`, `/v1.0/${collection}/:id/transitiveMemberOf`),
  getMemberGroups: askedOf(
    `${name}GetMemberGroups`,
    `/v1.0/${collection}/:id/getMemberGroups`,
    record({ securityEnabledOnly: optional(flag) }),
  ),
  checkMemberGroups: askedOf(
    `${name}CheckMemberGroups`,
    `/v1.0/${collection}/:id/checkMemberGroups`,
    record({ groupIds: list(guid, { maxItems: 20 }) }),
  ),
})
