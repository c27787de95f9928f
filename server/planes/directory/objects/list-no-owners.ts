import * as groups from '@cardea/contract/directory/groups'
import * as servicePrincipals from '@cardea/contract/directory/service-principals'
import { getGroup } from '#core/directory/groups.ts'
import { getServicePrincipal } from '#core/directory/service-principals.ts'
import type { Route } from '../../plane.ts'
import type { Tenancy } from '../../tenancy.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'

/** Only registrations of applications have owners here; service principals and groups are asked for theirs all the same. */
export default (): readonly Route<Tenancy>[] => [
  directoryRoute(servicePrincipals.listOwners, async (sight, { params }) => {
    await getServicePrincipal(sight, keyIn(params.id))
    return { value: [] }
  }),
  directoryRoute(groups.listOwners, async (sight, { params }) => {
    await getGroup(sight, keyIn(params.id))
    return { value: [] }
  }),
]
