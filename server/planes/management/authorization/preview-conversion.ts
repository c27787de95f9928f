import * as contract from '@cardea/contract/cardea/access'
import { previewConversion } from '#core/access/conversion.ts'
import { vaultAt } from '#core/resources/vaults.ts'
import { managementRoute } from '../management-route.ts'
import { askedResource } from './asked-resource.ts'
import { conversionOf } from './conversion.ts'

export default () =>
  managementRoute(contract.previewConversion, {
    resource: askedResource,
    async run(sight, { query }) {
      const { resourceId } = await vaultAt(sight.sql, query.resource)
      return conversionOf(await previewConversion(sight, resourceId))
    },
  })
