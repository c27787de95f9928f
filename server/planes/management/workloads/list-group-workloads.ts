import * as contract from '@cardea/contract/management/workloads'
import { listWorkloads } from '#core/directory/workloads.ts'
import { groupNamed } from '#core/resources/groups.ts'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.listGroupWorkloads, {
    resource: theGroup,
    async run(sight, { params, subject }) {
      await groupNamed(sight.sql, params.group)
      const found = await listWorkloads(sight, theGroup(params, subject))
      return listed(found.map((one) => resourceOf(one, subject.tenant)))
    },
  })
