import * as contract from '@cardea/contract/directory/service-principals'
import { getServicePrincipal, listServicePrincipals } from '#core/directory/service-principals.ts'
import type { Hosts } from '../../http/hosts.ts'
import { directoryRoute } from '../directory-route.ts'
import { pageOf } from '../listing.ts'
import { servicePrincipalOf, servicePrincipalProperties } from '../wire.ts'

export default ({ graphUrl }: Hosts) =>
  directoryRoute(contract.listServicePrincipals, async (sight, { query, call, subject: { tenant } }) =>
    pageOf({
      graphUrl,
      call,
      query,
      properties: servicePrincipalProperties,
      source: (after, limit) => listServicePrincipals(sight, after, limit),
      find: (key) => getServicePrincipal(sight, key),
      objectOf: servicePrincipalOf(tenant),
    }),
  )
