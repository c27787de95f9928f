import * as contract from '@cardea/contract/management/locks'
import { scopeIn } from '@cardea/contract/operation'
import { deleteLock } from '#core/resources/locks.ts'
import { managementRoute } from '../management-route.ts'
import { deleted } from '../replies.ts'
import { lockAsked } from './resource.ts'

export default () =>
  managementRoute(contract.deleteLock, {
    resource: lockAsked,
    async run(scope, { params, call }) {
      return deleted(await deleteLock(scope, { scope: scopeIn(call.params), name: params.lock }))
    },
  })
