import * as contract from '@cardea/contract/management/stores'
import { purgeStore } from '#core/resources/store-life.ts'
import { theDeletedStore } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { deleted } from '../replies.ts'

export default () =>
  managementRoute(contract.purgeDeletedStore, {
    resource: theDeletedStore,
    async run(scope, { params: { store, location } }) {
      await purgeStore(scope, store, location)
      return deleted(true)
    },
  })
