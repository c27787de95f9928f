import * as contract from '@cardea/contract/management/stores'
import { listKeys } from '#core/resources/stores.ts'
import { theStore } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { keyOf, type StoreUrl } from './wire.ts'

export default (urls: StoreUrl) =>
  managementRoute(contract.listStoreKeys, {
    resource: theStore,
    async run(sight, { call, subject }) {
      const { store, keys } = await listKeys(sight, theStore(call.params, subject))
      return listed(keys.map((key) => keyOf(store, key, urls)))
    },
  })
