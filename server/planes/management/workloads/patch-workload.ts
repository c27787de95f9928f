import * as contract from '@cardea/contract/management/workloads'
import { patchWorkload } from '#core/directory/workloads.ts'
import { managementRoute } from '../management-route.ts'
import { identifiedBy, resourceOf, workloadOf } from './wire.ts'

export default () =>
  managementRoute(contract.patchWorkload, {
    resource: workloadOf,
    async run(scope, { params, body: { tags, identity }, subject }) {
      const change = { tags, identified: identifiedBy(identity) }
      return resourceOf(await patchWorkload(scope, workloadOf(params, subject), change), subject.tenant)
    },
  })
