import * as contract from '@cardea/contract/management/resources'
import { listResources } from '#core/resources/resources.ts'
import type { Hosts } from '../../http/hosts.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listedByPage } from '../replies.ts'
import { filterFrom } from './filter.ts'
import { resourceOf } from './wire.ts'

export default (hosts: Hosts) =>
  managementRoute(contract.listResources, {
    resource: subscriptionId,
    async run(sight, { call, query }) {
      const wanted = filterFrom(query.$filter)
      const resources = await listResources(sight, undefined)
      const found = resources.filter(wanted).map((resource) => resourceOf(resource, query.$expand))
      return listedByPage(hosts, call, query, found)
    },
  })
