import * as contract from '@cardea/contract/cardea/change-sets'
import { getChangeSet } from '#core/configuration/kept-change-sets.ts'
import { storeRoute } from '../../appconfig/appconfig-route.ts'
import { theStore } from '../../appconfig/key-values/resource.ts'
import { detailView, jsonReply } from './wire.ts'

export default () =>
  storeRoute(contract.getChangeSet, {
    resource: theStore,
    async run(sight, { params: { id }, subject: store }) {
      return jsonReply(200, detailView(await getChangeSet(sight, store, id)))
    },
  })
