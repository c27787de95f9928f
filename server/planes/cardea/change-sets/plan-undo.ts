import * as contract from '@cardea/contract/cardea/change-sets'
import { planUndo } from '#core/configuration/change-sets.ts'
import { storeRoute } from '../../appconfig/appconfig-route.ts'
import { theStore } from '../../appconfig/key-values/resource.ts'
import { type Around, planView } from './wire.ts'

export default (around: Around) =>
  storeRoute(contract.planUndo, {
    resource: theStore,
    async run(sight, { params: { id }, subject: store, caller }) {
      return planView(around, sight, caller, await planUndo(sight, store, id))
    },
  })
