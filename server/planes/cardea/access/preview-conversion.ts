import * as contract from '@cardea/contract/cardea/access'
import { previewConversion } from '#core/access/conversion.ts'
import { vaultAt } from '#core/resources/vaults.ts'
import { managementRoute } from '../../management/management-route.ts'
import { askedScope } from '../scope.ts'
import { conversionOf } from './wire.ts'

export default () =>
  managementRoute(contract.previewConversion, {
    resource: askedScope,
    async run(sight, { query }) {
      const { resourceId } = await vaultAt(sight.sql, query.resource)
      return conversionOf(await previewConversion(sight, resourceId))
    },
  })
