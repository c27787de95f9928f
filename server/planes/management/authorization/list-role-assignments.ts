import * as contract from '@cardea/contract/management/authorization'
import { scopeIn } from '@cardea/contract/operation'
import { assignmentsAround } from '#core/access/assignments.ts'
import { managementRoute } from '../management-route.ts'
import { assignmentFilter } from './filter.ts'
import { scopeOf } from './scope.ts'
import { assignmentResource } from './wire.ts'

export default () =>
  managementRoute(contract.listRoleAssignments, {
    resource: scopeIn,
    async run(sight, { query, subject, call }) {
      const { atScope, principal, assignedTo } = assignmentFilter(query.$filter)
      const of = principal ?? assignedTo
      const found = await assignmentsAround(sight, await scopeOf(sight.sql, subject, call.params), {
        below: !atScope,
        of: of === undefined ? undefined : { principal: of, groupsToo: assignedTo !== undefined },
      })
      return { value: found.map((one) => assignmentResource(subject, one)) }
    },
  })
