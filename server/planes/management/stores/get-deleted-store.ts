import * as contract from '@cardea/contract/management/stores'
import { getDeletedStore } from '#core/resources/store-life.ts'
import { theDeletedStore } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { deletedOf } from './wire.ts'

export default () =>
  managementRoute(contract.getDeletedStore, {
    resource: theDeletedStore,
    async run(sight, { params: { store, location }, subject: { subscription } }) {
      return deletedOf(await getDeletedStore(sight, store, location), subscription)
    },
  })
