import * as contract from '@cardea/contract/directory/service-principals'
import { getServicePrincipal } from '#core/directory/service-principals.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { selected } from '../listing.ts'
import { servicePrincipalOf } from '../wire.ts'

export default () =>
  directoryRoute(contract.getServicePrincipal, async (sight, { params, query, subject: { tenant } }) =>
    selected(servicePrincipalOf(tenant)(await getServicePrincipal(sight, keyIn(params.id))), query.$select),
  )
