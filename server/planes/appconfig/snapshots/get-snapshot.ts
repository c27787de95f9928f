import * as contract from '@cardea/contract/appconfig/snapshots'
import { getSnapshot } from '#core/configuration/snapshots.ts'
import { storeRoute } from '../appconfig-route.ts'
import { conditionally } from '../conditions.ts'
import { theStore } from '../key-values/resource.ts'
import { chosenOfSnapshot, headersOfSnapshot, snapshotOf, snapshotType } from './wire.ts'

const reading = (operation: typeof contract.getSnapshot | typeof contract.headSnapshot) =>
  storeRoute(operation, {
    resource: theStore,
    async run(sight, { params, query, subject: store, call }) {
      const snapshot = await getSnapshot(sight, store, params.name)
      return conditionally(call, snapshot.etag, headersOfSnapshot(call, snapshot), () => ({
        type: snapshotType,
        json: snapshotOf(call, snapshot, chosenOfSnapshot(query)),
      }))
    },
  })

export const getOneSnapshot = () => reading(contract.getSnapshot)
export const headOneSnapshot = () => reading(contract.headSnapshot)
