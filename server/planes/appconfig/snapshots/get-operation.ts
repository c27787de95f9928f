import * as contract from '@cardea/contract/appconfig/snapshots'
import { json } from '#base/media-types.ts'
import { getSnapshot } from '#core/configuration/snapshots.ts'
import { Reply } from '../../plane.ts'
import { storeRoute } from '../appconfig-route.ts'
import { theStore } from '../key-values/resource.ts'
import { operationOf } from './wire.ts'

/** Snapshots are filled within moments, so a client that polls is asked to wait no longer than it must. */
const retryAfter = { 'retry-after': '1', 'retry-after-ms': '200' }

export default () =>
  storeRoute(contract.getOperation, {
    resource: theStore,
    async run(sight, { query, subject: store }) {
      const operation = operationOf(await getSnapshot(sight, store, query.snapshot))
      const headers = { 'content-type': json }
      return new Reply(
        200,
        operation.status === 'Running' ? { ...headers, ...retryAfter } : headers,
        JSON.stringify(operation),
      )
    },
  })
