import * as contract from '@cardea/contract/directory/groups'
import { membersIn } from '#core/directory/groups.ts'
import type { Hosts } from '../../http/hosts.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { pageOf, sourceOf } from '../listing.ts'
import { objectOf, objectProperties } from '../wire.ts'

/** Who belongs to a group: by their own names, and also by way of groups in it. */
export default ({ graphUrl }: Hosts) =>
  (['direct', 'transitive'] as const).map((reach) =>
    directoryRoute(
      reach === 'direct' ? contract.listMembers : contract.listTransitiveMembers,
      async (sight, { params, query, call }) => {
        const source = sourceOf(await membersIn(sight, keyIn(params.id), reach), ({ objectId }) => objectId)
        return pageOf({ graphUrl, call, query, properties: objectProperties, source, objectOf })
      },
    ),
  )
