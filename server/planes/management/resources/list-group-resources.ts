import * as contract from '@cardea/contract/management/resources'
import { listResources } from '#core/resources/resources.ts'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { filterFrom } from './filter.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.listGroupResources, {
    resource: theGroup,
    async run(sight, { params, query: { $filter, $expand } }) {
      const wanted = filterFrom($filter)
      const resources = await listResources(sight, params.group)
      return listed(resources.filter(wanted).map((resource) => resourceOf(resource, $expand)))
    },
  })
