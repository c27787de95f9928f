import * as contract from '@cardea/contract/management/stores'
import { patchStore } from '#core/resources/stores.ts'
import { theStore } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { draftFrom, resourceOf, type StoreUrl } from './wire.ts'

export default (urls: StoreUrl) =>
  managementRoute(contract.patchStore, {
    resource: theStore,
    async run(scope, { body, call, subject }) {
      return resourceOf(await patchStore(scope, theStore(call.params, subject), draftFrom(body)), urls)
    },
  })
