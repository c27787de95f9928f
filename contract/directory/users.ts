import { operation } from '../operation.ts'
import { absent, flag, nothing, nullable, optional, record, text } from '../shape.ts'
import {
  deed,
  displayName,
  groupsBelow,
  listAt,
  named,
  none,
  one,
  oneAt,
  oneQuery,
  ownGroups,
  removalAt,
} from './objects.ts'

/** Microsoft Graph: people. */

/** Letters without accents only: two names that look alike would be two people. */
const userPrincipalName = text({
  maxCharacters: 113,
  pattern: /^[\w'.!#^~+-]{1,64}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i,
  wanted: 'a name of the form someone@example.org',
})
const mailNickname = text({
  maxCharacters: 64,
  pattern: /^[^\s@()\\[\]";:<>,\p{Cc}\p{Cs}]+$/u,
  wanted: 'a nickname without spaces',
})

/** What else may be told of somebody. */
const personal = {
  mail: nullable(
    text({ maxCharacters: 254, pattern: /^[^\s@<>\p{Cc}\p{Cs}]+@[^\s@<>\p{Cc}\p{Cs}]+$/u, wanted: 'an address' }),
  ),
  mailNickname: nullable(mailNickname),
  givenName: nullable(named(64)),
  surname: nullable(named(64)),
  jobTitle: nullable(named(128)),
  department: nullable(named(64)),
  officeLocation: nullable(named(128)),
  mobilePhone: nullable(named(64)),
  preferredLanguage: nullable(named(64)),
  usageLocation: nullable(named(2)),
} as const

/** Refused, so that nobody relies on it. */
const never = absent('false: nobody is made to change a password at sign-in here')
/** A password as it is given to somebody. */
const passwordProfile = record({
  password: text({ maxCharacters: 256 }),
  forceChangePasswordNextSignIn: never,
  forceChangePasswordNextSignInWithMfa: never,
})

const newUser = record({
  ...personal,
  displayName,
  userPrincipalName,
  mailNickname,
  accountEnabled: flag,
  passwordProfile,
})
const changedUser = record({
  ...personal,
  displayName: optional(displayName),
  userPrincipalName: optional(userPrincipalName),
  accountEnabled: optional(flag),
  passwordProfile: optional(passwordProfile),
})

export const listUsers = listAt('UserList', '/v1.0/users')
export const getUser = oneAt('UserGet', '/v1.0/users/:id')
export const getMe = operation({
  id: 'MeGet',
  method: 'GET',
  path: '/v1.0/me',
  since: 'always',
  action: 'directory/read',
  effect: 'read',
  params: none,
  query: oneQuery,
  body: nothing,
  status: 200,
})
export const createUser = deed({
  id: 'UserCreate',
  method: 'POST',
  path: '/v1.0/users',
  action: 'users/create',
  params: none,
  body: newUser,
  status: 201,
})
export const updateUser = deed({
  id: 'UserUpdate',
  method: 'PATCH',
  path: '/v1.0/users/:id',
  action: 'users/update',
  params: one,
  body: changedUser,
  status: 204,
})
/** Signs somebody out everywhere. */
export const revokeSignInSessions = deed({
  id: 'UserRevokeSignInSessions',
  method: 'POST',
  path: '/v1.0/users/:id/revokeSignInSessions',
  action: 'users/update',
  params: one,
  body: nothing,
  status: 200,
})
export const deleteUser = removalAt('UserDelete', '/v1.0/users/:id', 'users/delete')
export const { myMemberOf, myTransitiveMemberOf } = ownGroups
export const { memberOf, transitiveMemberOf, getMemberGroups, checkMemberGroups } = groupsBelow('User', 'users')
