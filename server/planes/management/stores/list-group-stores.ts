import * as contract from '@cardea/contract/management/stores'
import { listStores } from '#core/resources/stores.ts'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { resourceOf, type StoreUrl } from './wire.ts'

export default (urls: StoreUrl) =>
  managementRoute(contract.listGroupStores, {
    resource: theGroup,
    async run(sight, { params }) {
      return listed((await listStores(sight, params.group)).map((store) => resourceOf(store, urls)))
    },
  })
