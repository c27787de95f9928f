import * as contract from '@cardea/contract/cardea/change-sets'
import { restoreTo } from '#core/configuration/restoring.ts'
import { storeRoute } from '../../appconfig/appconfig-route.ts'
import { theStore } from '../../appconfig/key-values/resource.ts'
import { wholeSecondOf } from '../../appconfig/moments.ts'
import { type Around, changeSetView, jsonReply, selectionFrom } from './wire.ts'

export default (house: Around) =>
  storeRoute(contract.restore, {
    resource: theStore,
    async run(scope, { body, subject: store, caller }) {
      const { at, basis, description } = body
      const wanted = { basis, description }
      const { set } = await restoreTo(scope, store, selectionFrom(body), wholeSecondOf(at), wanted, caller, house)
      return jsonReply(200, changeSetView(set))
    },
  })
