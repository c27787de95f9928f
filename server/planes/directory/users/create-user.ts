import * as contract from '@cardea/contract/directory/users'
import { createUser } from '#core/directory/users.ts'
import { directoryRoute } from '../directory-route.ts'
import { userOf } from '../wire.ts'

export default () =>
  directoryRoute(contract.createUser, async (scope, { body }) => {
    const { displayName: name, userPrincipalName, accountEnabled: enabled, passwordProfile, ...details } = body
    return userOf(
      await createUser(scope, { name, userPrincipalName, enabled, password: passwordProfile.password, details }),
    )
  })
