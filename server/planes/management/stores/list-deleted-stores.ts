import * as contract from '@cardea/contract/management/stores'
import { listDeletedStores } from '#core/resources/store-life.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { deletedOf } from './wire.ts'

export default () =>
  managementRoute(contract.listDeletedStores, {
    resource: subscriptionId,
    async run(sight, { subject: { subscription } }) {
      return listed((await listDeletedStores(sight)).map((store) => deletedOf(store, subscription)))
    },
  })
