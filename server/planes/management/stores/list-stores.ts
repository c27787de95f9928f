import * as contract from '@cardea/contract/management/stores'
import { listStores } from '#core/resources/stores.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { resourceOf, type StoreUrl } from './wire.ts'

export default (urls: StoreUrl) =>
  managementRoute(contract.listStores, {
    resource: subscriptionId,
    async run(sight) {
      return listed((await listStores(sight)).map((store) => resourceOf(store, urls)))
    },
  })
