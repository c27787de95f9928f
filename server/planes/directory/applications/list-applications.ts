import * as contract from '@cardea/contract/directory/applications'
import { getApplication, listApplications } from '#core/directory/applications.ts'
import type { Hosts } from '../../http/hosts.ts'
import { directoryRoute } from '../directory-route.ts'
import { pageOf } from '../listing.ts'
import { applicationOf, applicationProperties } from '../wire.ts'

export default ({ graphUrl }: Hosts) =>
  directoryRoute(contract.listApplications, async (sight, { query, call }) =>
    pageOf({
      graphUrl,
      call,
      query,
      properties: applicationProperties,
      source: (after, limit) => listApplications(sight, after, limit),
      find: (key) => getApplication(sight, key),
      objectOf: applicationOf,
    }),
  )
