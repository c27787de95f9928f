import * as contract from '@cardea/contract/management/locks'
import { scopeIn } from '@cardea/contract/operation'
import { setLock } from '#core/resources/locks.ts'
import { managementRoute } from '../management-route.ts'
import { put } from '../replies.ts'
import { lockAsked } from './resource.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.putLock, {
    resource: lockAsked,
    async run(scope, { params, body: { properties }, call }) {
      const { level, notes = '' } = properties
      const { lock, fresh } = await setLock(scope, { scope: scopeIn(call.params), name: params.lock, level, notes })
      return put(fresh, resourceOf(lock))
    },
  })
