import * as contract from '@cardea/contract/directory/credentials'
import { getFederated } from '#core/directory/federated.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { federatedOf } from '../wire.ts'

export default () =>
  directoryRoute(contract.getFederated, async (sight, { params }) =>
    federatedOf(await getFederated(sight, keyIn(params.id), params.credential)),
  )
