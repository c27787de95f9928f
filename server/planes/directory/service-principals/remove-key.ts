import * as contract from '@cardea/contract/directory/credentials'
import { removeServicePrincipalKey } from '#core/directory/credentials.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.removeServicePrincipalKey, (scope, { params, body, call }) =>
    removeServicePrincipalKey(scope, keyIn(params.id), body.keyId.toLowerCase(), {
      token: body.proof,
      address: call.circumstances.address,
    }),
  )
