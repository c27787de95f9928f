import * as contract from '@cardea/contract/cardea/access'
import { convert } from '#core/access/conversion.ts'
import { accessPolicyChanged, vaultAt } from '#core/resources/vaults.ts'
import { managementRoute } from '../management-route.ts'
import { askedResource } from './asked-resource.ts'
import { conversionOf } from './conversion.ts'

export default () =>
  managementRoute(contract.convertAccess, {
    resource: askedResource,
    async run(scope, { query, caller }) {
      const { resourceId } = await vaultAt(scope.sql, query.resource)
      const done = await convert(scope, resourceId, caller.objectId)
      scope.tell(accessPolicyChanged(resourceId))
      return conversionOf(done)
    },
  })
