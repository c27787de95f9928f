import * as contract from '@cardea/contract/management/authorization'
import { scopeIn } from '@cardea/contract/operation'
import { Fault } from '#base/fault.ts'
import { assignmentAt } from '#core/access/assignments.ts'
import { managementRoute } from '../management-route.ts'
import { assignmentResource } from './wire.ts'

export default () =>
  managementRoute(contract.getRoleAssignment, {
    resource: scopeIn,
    async run(sight, { params, subject, call }) {
      const kept = await assignmentAt(sight, scopeIn(call.params), params.name.toLowerCase())
      if (kept !== undefined) return assignmentResource(subject, kept)
      throw new Fault('not-found', `The role assignment '${params.name}' is not found.`, {
        arm: 'RoleAssignmentNotFound',
      })
    },
  })
