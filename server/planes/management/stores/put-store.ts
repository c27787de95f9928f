import * as contract from '@cardea/contract/management/stores'
import { recoverStore } from '#core/resources/store-life.ts'
import { putStore } from '#core/resources/stores.ts'
import { theStore } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { put } from '../replies.ts'
import { draftFrom, resourceOf, type StoreUrl } from './wire.ts'

export default (urls: StoreUrl) =>
  managementRoute(contract.putStore, {
    resource: theStore,
    async run(scope, { body, call, subject }) {
      const id = theStore(call.params, subject)
      if (body.properties?.createMode === 'Recover') return resourceOf(await recoverStore(scope, id), urls)
      const { store, fresh } = await putStore(scope, id, draftFrom(body))
      return put(fresh, resourceOf(store, urls))
    },
  })
