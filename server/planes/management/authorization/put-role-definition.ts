import * as contract from '@cardea/contract/management/authorization'
import { scopeIn } from '@cardea/contract/operation'
import { Fault } from '#base/fault.ts'
import { putRole } from '#core/access/definitions.ts'
import { managementRoute } from '../management-route.ts'
import { scopeFrom } from './scope.ts'
import { definitionResource } from './wire.ts'

export default () =>
  managementRoute(contract.putRoleDefinition, {
    resource: scopeIn,
    async run(scope, { params, body: { properties }, subject, caller }) {
      const { permissions, assignableScopes, roleName, description } = properties
      const [lists, more] = permissions
      if (lists === undefined || more !== undefined || (lists.condition ?? undefined) !== undefined) {
        throw new Fault(
          'invalid',
          'A role has exactly one set of permissions, without a condition; give that to its assignments.',
          { arm: 'InvalidRoleDefinition' },
        )
      }
      const scopes = []
      for (const one of assignableScopes) scopes.push(await scopeFrom(scope.sql, subject, one))
      const role = await putRole(scope, {
        id: params.name.toLowerCase(),
        name: roleName,
        description: description ?? '',
        actions: lists.actions ?? [],
        notActions: lists.notActions ?? [],
        dataActions: lists.dataActions ?? [],
        notDataActions: lists.notDataActions ?? [],
        scopes: [...new Set(scopes)],
        by: caller.objectId,
      })
      return definitionResource(subject, role)
    },
  })
