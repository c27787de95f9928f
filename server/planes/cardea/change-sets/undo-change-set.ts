import * as contract from '@cardea/contract/cardea/change-sets'
import { undoChangeSet } from '#core/configuration/change-sets.ts'
import { storeRoute } from '../../appconfig/appconfig-route.ts'
import { theStore } from '../../appconfig/key-values/resource.ts'
import { type Around, changeSetView, jsonReply } from './wire.ts'

export default (house: Around) =>
  storeRoute(contract.undoChangeSet, {
    resource: theStore,
    async run(scope, { params: { id }, body, subject: store, caller }) {
      const wanted = { force: body?.force ?? false, description: body?.description }
      return jsonReply(200, changeSetView((await undoChangeSet(scope, store, id, wanted, caller, house)).set))
    },
  })
