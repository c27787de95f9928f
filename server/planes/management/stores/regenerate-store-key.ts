import * as contract from '@cardea/contract/management/stores'
import { regenerateKey } from '#core/resources/stores.ts'
import { theStore } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { keyOf, type StoreUrl } from './wire.ts'

export default (urls: StoreUrl) =>
  managementRoute(contract.regenerateStoreKey, {
    resource: theStore,
    async run(scope, { body, call, subject }) {
      const { store, key } = await regenerateKey(scope, theStore(call.params, subject), body.id)
      return keyOf(store, key, urls)
    },
  })
