import * as contract from '@cardea/contract/directory/users'
import { updateUser } from '#core/directory/users.ts'
import { choosePassword } from '#core/identity/people.ts'
import { preparedRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  preparedRoute(
    contract.updateUser,
    async ({ passwordProfile }) => passwordProfile && choosePassword(passwordProfile.password),
    async (scope, { params, body, prepared }) => {
      const { displayName: name, userPrincipalName, accountEnabled: enabled, passwordProfile: _, ...details } = body
      const password = await prepared
      return updateUser(scope, keyIn(params.id), { name, userPrincipalName, enabled, password, details })
    },
  )
