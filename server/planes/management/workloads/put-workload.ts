import * as contract from '@cardea/contract/management/workloads'
import { putWorkload } from '#core/directory/workloads.ts'
import { groupNamed } from '#core/resources/groups.ts'
import { managementRoute } from '../management-route.ts'
import { put } from '../replies.ts'
import { identifiedBy, resourceOf, workloadOf } from './wire.ts'

export default () =>
  managementRoute(contract.putWorkload, {
    resource: workloadOf,
    async run(scope, { params, body: { location, tags = {}, identity }, subject }) {
      const { name: group } = await groupNamed(scope.sql, params.group)
      const draft = { location, tags, identified: identifiedBy(identity) }
      const { workload, created } = await putWorkload(scope, workloadOf({ ...params, group }, subject), draft)
      return put(created, resourceOf(workload, subject.tenant))
    },
  })
