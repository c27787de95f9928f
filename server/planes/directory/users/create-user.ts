import * as contract from '@cardea/contract/directory/users'
import { createUser } from '#core/directory/users.ts'
import { choosePassword } from '#core/identity/people.ts'
import { preparedRoute } from '../directory-route.ts'
import { userOf } from '../wire.ts'

export default () =>
  preparedRoute(
    contract.createUser,
    ({ passwordProfile }) => choosePassword(passwordProfile.password),
    async (scope, { body, prepared }) => {
      const { displayName: name, userPrincipalName, accountEnabled: enabled, passwordProfile: _, ...details } = body
      const password = await prepared
      return userOf(await createUser(scope, { name, userPrincipalName, enabled, password, details }))
    },
  )
