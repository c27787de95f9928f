import * as contract from '@cardea/contract/directory/service-principals'
import { updateServicePrincipal } from '#core/directory/service-principals.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

export default () =>
  directoryRoute(contract.updateServicePrincipal, (scope, { params, body }) => {
    const { displayName: name, accountEnabled: enabled, ...details } = body
    return updateServicePrincipal(scope, keyIn(params.id), { name, enabled, details })
  })
