import type * as contract from '@cardea/contract/appconfig/locks'
import { lockSetting } from '#core/configuration/configuration.ts'
import { storeRoute } from '../appconfig-route.ts'
import { conditionOf } from '../conditions.ts'
import { theSetting } from '../key-values/resource.ts'
import { keyValueWritten } from '../key-values/wire.ts'

/** Locks a setting, or, with DELETE, opens it again. */
export const locking = (operation: typeof contract.putLock | typeof contract.deleteLock, locked: boolean) =>
  storeRoute(operation, {
    resource: theSetting,
    async run(scope, { params, query, subject: store, call }) {
      const address = { key: params.key, label: query.label }
      return keyValueWritten(call, await lockSetting(scope, store, address, locked, conditionOf(call)))
    },
  })
