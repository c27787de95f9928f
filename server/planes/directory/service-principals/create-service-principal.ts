import * as contract from '@cardea/contract/directory/service-principals'
import { createServicePrincipal } from '#core/directory/service-principals.ts'
import { directoryRoute } from '../directory-route.ts'
import { servicePrincipalOf } from '../wire.ts'

export default () =>
  directoryRoute(contract.createServicePrincipal, async (scope, { body, subject: { tenant } }) => {
    const { appId, displayName: name, accountEnabled: enabled, ...details } = body
    const made = await createServicePrincipal(scope, appId.toLowerCase(), { name, enabled, details })
    return servicePrincipalOf(tenant)(made)
  })
