import * as contract from '@cardea/contract/management/workloads'
import { getWorkload } from '#core/directory/workloads.ts'
import { managementRoute } from '../management-route.ts'
import { resourceOf, workloadOf } from './wire.ts'

export default () =>
  managementRoute(contract.getWorkload, {
    resource: workloadOf,
    async run(sight, { params, subject }) {
      return resourceOf(await getWorkload(sight, workloadOf(params, subject)), subject.tenant)
    },
  })
