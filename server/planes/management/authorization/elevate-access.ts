import * as contract from '@cardea/contract/management/authorization'
import { elevate } from '#core/access/elevation.ts'
import { directoryResource } from '../../tenancy.ts'
import { managementRoute } from '../management-route.ts'

export default () =>
  managementRoute(contract.elevateAccess, {
    resource: () => directoryResource,
    async run(scope, { caller }) {
      await elevate(scope, caller.objectId)
    },
  })
