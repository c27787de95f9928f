import * as contract from '@cardea/contract/directory/credentials'
import { removeApplicationPassword } from '#core/directory/credentials.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.removeApplicationPassword, (scope, { params, body }) =>
    removeApplicationPassword(scope, keyIn(params.id), body.keyId.toLowerCase()),
  )
