import * as contract from '@cardea/contract/directory/service-principals'
import { deleteServicePrincipal } from '#core/directory/service-principals.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.deleteServicePrincipal, (scope, { params }) =>
    deleteServicePrincipal(scope, keyIn(params.id)),
  )
