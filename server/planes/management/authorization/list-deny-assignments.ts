import * as contract from '@cardea/contract/management/authorization'
import { scopeIn } from '@cardea/contract/operation'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { scopeOf } from './scope.ts'

export default () =>
  managementRoute(contract.listDenyAssignments, {
    resource: scopeIn,
    async run({ sql }, { subject, call }) {
      await scopeOf(sql, subject, call.params)
      return listed([])
    },
  })
