import * as contract from '@cardea/contract/management/resources'
import { listResources } from '#core/resources/resources.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { filterFrom } from './filter.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.listResources, {
    resource: subscriptionId,
    async run(sight, { query: { $filter, $expand } }) {
      const wanted = filterFrom($filter)
      const resources = await listResources(sight, undefined)
      return listed(resources.filter(wanted).map((resource) => resourceOf(resource, $expand)))
    },
  })
