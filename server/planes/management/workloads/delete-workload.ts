import * as contract from '@cardea/contract/management/workloads'
import { deleteWorkload } from '#core/directory/workloads.ts'
import { managementRoute } from '../management-route.ts'
import { deleted } from '../replies.ts'
import { workloadOf } from './wire.ts'

export default () =>
  managementRoute(contract.deleteWorkload, {
    resource: workloadOf,
    async run(scope, { params, subject }) {
      return deleted(await deleteWorkload(scope, workloadOf(params, subject)))
    },
  })
