import * as contract from '@cardea/contract/directory/credentials'
import { createFederated } from '#core/directory/federated.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { federatedOf } from '../wire.ts'

export default () =>
  directoryRoute(contract.createFederated, async (scope, { params, body: { description = '', ...draft } }) =>
    federatedOf(await createFederated(scope, keyIn(params.id), { ...draft, description })),
  )
