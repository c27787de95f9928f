import * as contract from '@cardea/contract/cardea/change-sets'
import { applyChanges, applyLater } from '#core/configuration/change-sets.ts'
import { storeRoute } from '../../appconfig/appconfig-route.ts'
import { theStore } from '../../appconfig/key-values/resource.ts'
import { type Around, changeFrom, changeSetView, jsonReply } from './wire.ts'

export default (house: Around) =>
  storeRoute(contract.applyChangeSet, {
    resource: theStore,
    async run(scope, { body, subject: store, caller }) {
      const { basis, description, activates } = body
      const wanted = { changes: body.changes.map(changeFrom), basis, description }
      if (activates !== undefined)
        return jsonReply(202, changeSetView(await applyLater(scope, store, wanted, activates, caller)))
      return jsonReply(200, changeSetView((await applyChanges(scope, store, wanted, caller, house)).set))
    },
  })
