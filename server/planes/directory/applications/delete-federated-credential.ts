import * as contract from '@cardea/contract/directory/credentials'
import { deleteFederated } from '#core/directory/federated.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.deleteFederated, (scope, { params }) =>
    deleteFederated(scope, keyIn(params.id), params.credential),
  )
