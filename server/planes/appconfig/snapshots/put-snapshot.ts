import * as contract from '@cardea/contract/appconfig/snapshots'
import { askForSnapshot } from '#core/configuration/snapshots.ts'
import { type StoreRoutes, storeRoute } from '../appconfig-route.ts'
import { theStore } from '../key-values/resource.ts'
import { refuseMedia } from '../media.ts'
import { operationTarget, snapshotDraftFrom, snapshotWritten } from './wire.ts'

export default ({ storeUrl }: StoreRoutes) =>
  storeRoute(contract.putSnapshot, {
    resource: theStore,
    async run(scope, { params, body, subject: store, caller, call }) {
      refuseMedia(call)
      const snapshot = await askForSnapshot(scope, store, params.name, snapshotDraftFrom(call, body), caller)
      const location = `${storeUrl(store.name)}${operationTarget(call, snapshot)}`
      return snapshotWritten(call, 201, snapshot, { 'operation-location': location })
    },
  })
