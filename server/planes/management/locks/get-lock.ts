import * as contract from '@cardea/contract/management/locks'
import { scopeIn } from '@cardea/contract/operation'
import { getLock } from '#core/resources/locks.ts'
import { managementRoute } from '../management-route.ts'
import { lockAsked } from './resource.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.getLock, {
    resource: lockAsked,
    async run(sight, { params, call }) {
      return resourceOf(await getLock(sight, { scope: scopeIn(call.params), name: params.lock }))
    },
  })
