import * as contract from '@cardea/contract/directory/credentials'
import { updateFederated } from '#core/directory/federated.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.updateFederated, (scope, { params, body }) =>
    updateFederated(scope, keyIn(params.id), params.credential, body),
  )
