import * as contract from '@cardea/contract/cardea/access'
import { convert } from '#core/access/conversion.ts'
import { vaultAt } from '#core/resources/vaults.ts'
import { managementRoute } from '../../management/management-route.ts'
import { askedScope } from '../scope.ts'
import { conversionOf } from './wire.ts'

export default () =>
  managementRoute(contract.convertAccess, {
    resource: askedScope,
    async run(scope, { query, caller }) {
      const { resourceId } = await vaultAt(scope.sql, query.resource)
      return conversionOf(await convert(scope, resourceId, caller.objectId))
    },
  })
