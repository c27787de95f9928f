import * as contract from '@cardea/contract/directory/users'
import { updateUser } from '#core/directory/users.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.updateUser, (scope, { params, body }) => {
    const { displayName: name, userPrincipalName, accountEnabled: enabled, passwordProfile, ...details } = body
    return updateUser(scope, keyIn(params.id), {
      name,
      userPrincipalName,
      enabled,
      password: passwordProfile?.password,
      details,
    })
  })
