import * as contract from '@cardea/contract/cardea/change-sets'
import { planChanges } from '#core/configuration/change-sets.ts'
import { storeRoute } from '../../appconfig/appconfig-route.ts'
import { theStore } from '../../appconfig/key-values/resource.ts'
import { type Around, changeFrom, planView } from './wire.ts'

export default (around: Around) =>
  storeRoute(contract.planChangeSet, {
    resource: theStore,
    async run(sight, { body, subject: store, caller }) {
      return planView(around, sight, caller, await planChanges(sight, store, body.changes.map(changeFrom)))
    },
  })
