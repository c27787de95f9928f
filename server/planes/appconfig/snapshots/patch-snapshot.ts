import * as contract from '@cardea/contract/appconfig/snapshots'
import { moveSnapshot } from '#core/configuration/snapshots.ts'
import { storeRoute } from '../appconfig-route.ts'
import { conditionOf } from '../conditions.ts'
import { theStore } from '../key-values/resource.ts'
import { refuseMedia } from '../media.ts'
import { snapshotWritten } from './wire.ts'

export default () =>
  storeRoute(contract.patchSnapshot, {
    resource: theStore,
    async run(scope, { params, body, subject: store, call }) {
      refuseMedia(call)
      return snapshotWritten(call, 200, await moveSnapshot(scope, store, params.name, body.status, conditionOf(call)))
    },
  })
