import * as contract from '@cardea/contract/directory/credentials'
import { removeServicePrincipalPassword } from '#core/directory/credentials.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.removeServicePrincipalPassword, (scope, { params, body }) =>
    removeServicePrincipalPassword(scope, keyIn(params.id), body.keyId.toLowerCase()),
  )
