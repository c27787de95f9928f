import * as contract from '@cardea/contract/management/workloads'
import { scopeIn } from '@cardea/contract/operation'
import { systemIdentityOf } from '#core/directory/workloads.ts'
import { managementRoute } from '../management-route.ts'
import { systemIdentityOf as shown } from './wire.ts'

export default () =>
  managementRoute(contract.getSystemIdentity, {
    resource: scopeIn,
    async run(sight, { call, subject }) {
      return shown(await systemIdentityOf(sight, scopeIn(call.params)), subject.tenant)
    },
  })
