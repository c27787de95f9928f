import * as contract from '@cardea/contract/directory/groups'
import { getGroup, listGroups } from '#core/directory/groups.ts'
import type { Hosts } from '../../http/hosts.ts'
import { directoryRoute } from '../directory-route.ts'
import { pageOf } from '../listing.ts'
import { groupOf, groupProperties } from '../wire.ts'

export default ({ graphUrl }: Hosts) =>
  directoryRoute(contract.listGroups, async (sight, { query, call }) =>
    pageOf({
      graphUrl,
      call,
      query,
      properties: groupProperties,
      source: (after, limit) => listGroups(sight, after, limit),
      find: (key) => getGroup(sight, key),
      objectOf: groupOf,
    }),
  )
