import * as contract from '@cardea/contract/cardea/change-sets'
import { cancelChangeSet } from '#core/configuration/change-sets.ts'
import { storeRoute } from '../../appconfig/appconfig-route.ts'
import { theStore } from '../../appconfig/key-values/resource.ts'
import { changeSetView, jsonReply } from './wire.ts'

export default () =>
  storeRoute(contract.cancelChangeSet, {
    resource: theStore,
    async run(scope, { params: { id }, subject: store }) {
      return jsonReply(200, changeSetView(await cancelChangeSet(scope, store, id)))
    },
  })
