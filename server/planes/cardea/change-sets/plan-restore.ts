import * as contract from '@cardea/contract/cardea/change-sets'
import { planChanges } from '#core/configuration/change-sets.ts'
import { changesBackTo } from '#core/configuration/restoring.ts'
import { storeRoute } from '../../appconfig/appconfig-route.ts'
import { theStore } from '../../appconfig/key-values/resource.ts'
import { wholeSecondOf } from '../../appconfig/moments.ts'
import { type Around, planView, selectionFrom } from './wire.ts'

export default (around: Around) =>
  storeRoute(contract.planRestore, {
    resource: theStore,
    async run(sight, { body, subject: store, caller }) {
      const changes = await changesBackTo(sight, store, selectionFrom(body), wholeSecondOf(body.at))
      return planView(around, sight, caller, await planChanges(sight, store, changes))
    },
  })
