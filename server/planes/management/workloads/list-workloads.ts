import * as contract from '@cardea/contract/management/workloads'
import { listWorkloads } from '#core/directory/workloads.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.listWorkloads, {
    resource: subscriptionId,
    async run(sight, { params, subject }) {
      const found = await listWorkloads(sight, subscriptionId(params, subject))
      return listed(found.map((one) => resourceOf(one, subject.tenant)))
    },
  })
