import * as contract from '@cardea/contract/management/stores'
import { deleteStore } from '#core/resources/store-life.ts'
import { theStore } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { deleted } from '../replies.ts'

export default () =>
  managementRoute(contract.deleteStore, {
    resource: theStore,
    async run(scope, { call, subject }) {
      return deleted(await deleteStore(scope, theStore(call.params, subject)))
    },
  })
