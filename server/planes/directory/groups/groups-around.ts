import * as directoryObjects from '@cardea/contract/directory/directory-objects'
import * as groups from '@cardea/contract/directory/groups'
import * as servicePrincipals from '@cardea/contract/directory/service-principals'
import * as users from '@cardea/contract/directory/users'
import { groupsAround } from '#core/directory/groups.ts'
import { serviceKinds } from '#core/directory/look-up.ts'
import type { Entry } from '#core/identity/entry.ts'
import type { Hosts } from '../../http/hosts.ts'
import type { Route } from '../../plane.ts'
import type { Tenancy } from '../../tenancy.ts'
import { directoryRoute } from '../directory-route.ts'
import { keyIn } from '../key.ts'
import { pageOf, sourceOf } from '../listing.ts'
import { ownPerson } from '../users/own-person.ts'
import { groupProperties, objectOf } from '../wire.ts'

type Contract = Pick<typeof groups, 'memberOf' | 'transitiveMemberOf' | 'getMemberGroups' | 'checkMemberGroups'>

/** The groups of somebody of these kinds, of any where none is named: those that name them, those that hold them by way of others, as ids, and whether they are in some. */
const around = (
  { graphUrl }: Hosts,
  contract: Contract,
  kinds: readonly Entry['kind'][],
): readonly Route<Tenancy>[] => [
  ...(['direct', 'transitive'] as const).map((reach) =>
    directoryRoute(
      reach === 'direct' ? contract.memberOf : contract.transitiveMemberOf,
      async (sight, { params, query, call }) => {
        const source = sourceOf(await groupsAround(sight, keyIn(params.id), kinds, reach), ({ objectId }) => objectId)
        return pageOf({ graphUrl, call, query, properties: groupProperties, source, objectOf })
      },
    ),
  ),
  directoryRoute(contract.getMemberGroups, async (sight, { params }) => {
    const found = await groupsAround(sight, keyIn(params.id), kinds, 'transitive')
    return { value: found.map(({ objectId }) => objectId) }
  }),
  directoryRoute(contract.checkMemberGroups, async (sight, { params, body }) => {
    const found = await groupsAround(sight, keyIn(params.id), kinds, 'transitive')
    const wanted = new Set(body.groupIds.map((id) => id.toLowerCase()))
    return { value: found.flatMap(({ objectId }) => (wanted.has(objectId) ? [objectId] : [])) }
  }),
]

/** The groups of the person who asks. */
const ofWhoeverAsks = ({ graphUrl }: Hosts): readonly Route<Tenancy>[] =>
  (['direct', 'transitive'] as const).map((reach) =>
    directoryRoute(
      reach === 'direct' ? users.myMemberOf : users.myTransitiveMemberOf,
      async (sight, { caller, query, call }) => {
        const key = { by: 'id', value: (await ownPerson(sight, caller.objectId)).objectId } as const
        const source = sourceOf(await groupsAround(sight, key, ['user'], reach), ({ objectId }) => objectId)
        return pageOf({ graphUrl, call, query, properties: groupProperties, source, objectOf })
      },
    ),
  )

export default (hosts: Hosts): readonly Route<Tenancy>[] => [
  ...around(hosts, servicePrincipals, serviceKinds),
  ...around(hosts, users, ['user']),
  ...around(hosts, directoryObjects, []),
  ...ofWhoeverAsks(hosts),
  ...around(hosts, groups, ['group']),
]
