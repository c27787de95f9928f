import * as contract from '@cardea/contract/appconfig/key-values'
import { writeSetting } from '#core/configuration/configuration.ts'
import { type StoreRoutes, storeRoute } from '../appconfig-route.ts'
import { conditionOf } from '../conditions.ts'
import { theSetting } from './resource.ts'
import { draftFrom, keyValueWritten } from './wire.ts'

export default (house: StoreRoutes) =>
  storeRoute(contract.putSetting, {
    resource: theSetting,
    async run(scope, { params, query, body, subject: store, call }) {
      const address = { key: params.key, label: query.label }
      const setting = await writeSetting(scope, store, address, draftFrom(call, body), conditionOf(call), house)
      return keyValueWritten(call, setting)
    },
  })
