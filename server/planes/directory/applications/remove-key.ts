import * as contract from '@cardea/contract/directory/credentials'
import { removeApplicationKey } from '#core/directory/credentials.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.removeApplicationKey, (scope, { params, body, call }) =>
    removeApplicationKey(scope, keyIn(params.id), body.keyId.toLowerCase(), {
      token: body.proof,
      address: call.circumstances.address,
    }),
  )
