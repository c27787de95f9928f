import * as contract from '@cardea/contract/management/groups'
import { listGroups } from '#core/resources/groups.ts'
import { groupId } from '#core/vaults/resource-id.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.listGroups, {
    resource: subscriptionId,
    async run(sight, { subject: { subscription } }) {
      const groups = await listGroups(sight)
      const seen = groups.filter(({ name }) => sight.permit.allows('groups/read', groupId(subscription, name)))
      return listed(seen.map((group) => resourceOf(group, subscription)))
    },
  })
