import * as contract from '@cardea/contract/appconfig/key-values'
import { writeSetting } from '#core/configuration/configuration.ts'
import { targetOf } from '#core/configuration/reference.ts'
import { type StoreRoutes, storeRoute } from '../appconfig-route.ts'
import { conditionOf } from '../conditions.ts'
import { refuseMedia } from '../media.ts'
import { seenBy, warned } from '../references.ts'
import { theSetting } from './resource.ts'
import { draftFrom, keyValueWritten } from './wire.ts'

export default (house: StoreRoutes) =>
  storeRoute(contract.putSetting, {
    resource: theSetting,
    async run(scope, { params, query, body, subject: store, caller, call }) {
      refuseMedia(call)
      const address = { key: params.key, label: query.label }
      const setting = await writeSetting(scope, store, address, draftFrom(call, body), conditionOf(call), house)
      const target = targetOf(setting, house.domain)
      const seen = target && (await seenBy(house, scope.sql, caller, target, scope.turn))
      return keyValueWritten(call, setting, seen && warned(seen))
    },
  })
