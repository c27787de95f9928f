import * as contract from '@cardea/contract/management/subscriptions'
import { locationsIn } from '#core/resources/groups.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'

export default () =>
  managementRoute(contract.listLocations, {
    resource: subscriptionId,
    async run({ sql }, { subject: { subscription } }) {
      return listed(
        (await locationsIn(sql)).map((name) => ({
          id: `/subscriptions/${subscription}/locations/${name}`,
          name,
          type: 'Region',
          displayName: name,
          regionalDisplayName: name,
          metadata: { regionType: 'Physical', regionCategory: 'Recommended' },
        })),
      )
    },
  })
