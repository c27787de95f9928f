import * as contract from '@cardea/contract/management/authorization'
import { scopeIn } from '@cardea/contract/operation'
import { removeRole } from '#core/access/definitions.ts'
import { Reply } from '../../plane.ts'
import { managementRoute } from '../management-route.ts'
import { definitionResource } from './wire.ts'

export default () =>
  managementRoute(contract.deleteRoleDefinition, {
    resource: scopeIn,
    async run(scope, { params, subject }) {
      const role = await removeRole(scope, params.name.toLowerCase())
      return role === undefined ? new Reply(204, {}) : definitionResource(subject, role)
    },
  })
