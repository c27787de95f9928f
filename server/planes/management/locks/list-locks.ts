import * as contract from '@cardea/contract/management/locks'
import { scopeIn } from '@cardea/contract/operation'
import { listLocks } from '#core/resources/locks.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.listLocks, {
    resource: scopeIn,
    async run(sight, { call }) {
      return listed((await listLocks(sight, scopeIn(call.params))).map(resourceOf))
    },
  })
