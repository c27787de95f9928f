import * as contract from '@cardea/contract/directory/credentials'
import { addServicePrincipalKey } from '#core/directory/credentials.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { newCertificateFrom, shownKey } from '../wire.ts'

export default () =>
  directoryRoute(contract.addServicePrincipalKey, async (scope, { params, body, call }) => {
    const proof = { token: body.proof, address: call.circumstances.address }
    return shownKey(
      await addServicePrincipalKey(scope, keyIn(params.id), newCertificateFrom(body.keyCredential), proof),
    )
  })
