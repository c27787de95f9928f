import * as contract from '@cardea/contract/management/authorization'
import { scopeIn } from '@cardea/contract/operation'
import { rolesHeldAt } from '#core/access/explain.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { scopeOf } from './scope.ts'
import { permissionOf } from './wire.ts'

export default () =>
  managementRoute(contract.listPermissions, {
    resource: scopeIn,
    async run(sight, { subject, call, caller }) {
      return listed(
        (await rolesHeldAt(sight, caller, await scopeOf(sight.sql, subject, call.params))).map(permissionOf),
      )
    },
  })
