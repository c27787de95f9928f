import * as contract from '@cardea/contract/management/authorization'
import { scopeIn } from '@cardea/contract/operation'
import { Fault } from '#base/fault.ts'
import { assignRole } from '#core/access/assignments.ts'
import { managementRoute } from '../management-route.ts'
import { scopeOf } from './scope.ts'
import { assignmentResource, roleIdFrom } from './wire.ts'

export default () =>
  managementRoute(contract.putRoleAssignment, {
    resource: scopeIn,
    async run(scope, { params, body: { properties }, subject, caller, call }) {
      const condition = properties.condition ?? undefined
      if (condition !== undefined && properties.conditionVersion !== '2.0') {
        throw new Fault('invalid', 'A condition needs the conditionVersion 2.0.', {
          arm: 'RoleAssignmentConditionVersionInvalid',
        })
      }
      const kept = await assignRole(scope, {
        id: params.name.toLowerCase(),
        principal: properties.principalId.toLowerCase(),
        claimed: properties.principalType ?? undefined,
        role: roleIdFrom(subject, properties.roleDefinitionId),
        scope: await scopeOf(scope.sql, subject, call.params),
        description: properties.description ?? undefined,
        condition,
        by: caller.objectId,
      })
      return assignmentResource(subject, kept)
    },
  })
