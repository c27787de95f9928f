import * as contract from '@cardea/contract/management/authorization'
import { scopeIn } from '@cardea/contract/operation'
import { assignmentAt, unassignRole } from '#core/access/assignments.ts'
import { Reply } from '../../plane.ts'
import { managementRoute } from '../management-route.ts'
import { assignmentResource } from './wire.ts'

export default () =>
  managementRoute(contract.deleteRoleAssignment, {
    resource: scopeIn,
    async run(scope, { params, subject, call }) {
      // One at another scope is none of this path's: the right to take it away was asked for here.
      const kept = await assignmentAt(scope, scopeIn(call.params), params.name.toLowerCase())
      if (kept === undefined) return new Reply(204, {})
      return assignmentResource(subject, await unassignRole(scope, kept.id))
    },
  })
