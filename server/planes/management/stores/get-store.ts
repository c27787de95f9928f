import * as contract from '@cardea/contract/management/stores'
import { storageTaken } from '#core/configuration/configuration.ts'
import { getStore } from '#core/resources/stores.ts'
import { theStore } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { resourceOf, type StoreUrl } from './wire.ts'

export default (urls: StoreUrl) =>
  managementRoute(contract.getStore, {
    resource: theStore,
    async run(sight, { call, subject }) {
      const store = await getStore(sight, theStore(call.params, subject))
      return resourceOf(store, urls, await storageTaken(sight, store))
    },
  })
