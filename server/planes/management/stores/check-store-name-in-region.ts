import * as contract from '@cardea/contract/management/stores'
import { storeNameTaken } from '#core/resources/stores.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { availability } from '../replies.ts'

export default () =>
  managementRoute(contract.checkStoreNameInRegion, {
    resource: subscriptionId,
    async run(sight, { body: { name } }) {
      return availability(await storeNameTaken(sight, name))
    },
  })
