import * as contract from '@cardea/contract/directory/users'
import { getUser, listUsers } from '#core/directory/users.ts'
import type { Hosts } from '../../http/hosts.ts'
import { directoryRoute } from '../directory-route.ts'
import { pageOf } from '../listing.ts'
import { userOf, userProperties } from '../wire.ts'

export default ({ graphUrl }: Hosts) =>
  directoryRoute(contract.listUsers, async (sight, { query, call }) =>
    pageOf({
      graphUrl,
      call,
      query,
      properties: userProperties,
      source: (after, limit) => listUsers(sight, after, limit),
      find: (key) => getUser(sight, key),
      objectOf: userOf,
    }),
  )
