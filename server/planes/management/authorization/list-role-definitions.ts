import * as contract from '@cardea/contract/management/authorization'
import { scopeIn } from '@cardea/contract/operation'
import { rolesAt } from '#core/access/definitions.ts'
import { managementRoute } from '../management-route.ts'
import { definitionFilter } from './filter.ts'
import { scopeOf } from './scope.ts'
import { definitionResource } from './wire.ts'

export default () =>
  managementRoute(contract.listRoleDefinitions, {
    resource: scopeIn,
    async run(sight, { query, subject, call }) {
      const { roleName, type } = definitionFilter(query.$filter)
      const roles = await rolesAt(sight, await scopeOf(sight.sql, subject, call.params))
      const wanted = roles.filter(
        ({ name, made }) =>
          (roleName === undefined || name.toLowerCase() === roleName.toLowerCase()) &&
          (type === undefined || (type === 'CustomRole') === (made !== undefined)),
      )
      return { value: wanted.map((role) => definitionResource(subject, role)) }
    },
  })
