import * as contract from '@cardea/contract/management/authorization'
import { scopeIn } from '@cardea/contract/operation'
import { Fault } from '#base/fault.ts'
import { showRole } from '#core/access/definitions.ts'
import { managementRoute } from '../management-route.ts'
import { scopeOf } from './scope.ts'
import { definitionResource } from './wire.ts'

export default () =>
  managementRoute(contract.getRoleDefinition, {
    resource: scopeIn,
    async run(sight, { params, subject, call }) {
      const scope = await scopeOf(sight.sql, subject, call.params)
      const role = await showRole(sight, scope, params.name.toLowerCase())
      if (role !== undefined) return definitionResource(subject, role)
      throw new Fault('not-found', `The specified role definition with ID '${params.name}' does not exist.`, {
        arm: 'RoleDefinitionDoesNotExist',
      })
    },
  })
