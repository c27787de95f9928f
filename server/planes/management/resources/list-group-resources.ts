import * as contract from '@cardea/contract/management/resources'
import { listResources } from '#core/resources/resources.ts'
import type { Hosts } from '../../http/hosts.ts'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listedByPage } from '../replies.ts'
import { filterFrom } from './filter.ts'
import { resourceOf } from './wire.ts'

export default (hosts: Hosts) =>
  managementRoute(contract.listGroupResources, {
    resource: theGroup,
    async run(sight, { params, call, query }) {
      const wanted = filterFrom(query.$filter)
      const resources = await listResources(sight, params.group)
      const found = resources.filter(wanted).map((resource) => resourceOf(resource, query.$expand))
      return listedByPage(hosts, call, query, found)
    },
  })
