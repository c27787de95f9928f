import { pageSize } from '@cardea/contract/appconfig/key-values'
import * as contract from '@cardea/contract/appconfig/snapshots'
import { Fault } from '#base/fault.ts'
import { listSnapshots } from '#core/configuration/snapshots.ts'
import { Reply } from '../../plane.ts'
import { storeRoute } from '../appconfig-route.ts'
import { filterFrom } from '../filter.ts'
import { theStore } from '../key-values/resource.ts'
import { linkOf, nextAfter, nextLink, nextTarget, placeOf } from '../paging.ts'
import { chosenOfSnapshot, snapshotOf } from './wire.ts'

const type = 'application/vnd.microsoft.appconfig.snapshotset+json; charset=utf-8'

const listing = (operation: typeof contract.listSnapshots | typeof contract.headSnapshots) =>
  storeRoute(operation, {
    resource: theStore,
    async run(sight, { query, subject: store, call }) {
      const chosen = chosenOfSnapshot(query)
      const after = placeOf(query.after, { kind: 'now' }).after?.[0]
      const slice = { after, limit: pageSize }
      const found = await listSnapshots(sight, store, filterFrom('name', query.name), statusesIn(query.status), slice)
      const token = nextAfter(found, { kind: 'now' }, ({ name }) => [name])
      const next = token && nextTarget(call, token)
      const json: contract.SnapshotSet = {
        items: found.map((snapshot) => snapshotOf(call, snapshot, chosen)),
        ...nextLink(next),
      }
      return new Reply(200, { 'content-type': type, ...linkOf(next) }, JSON.stringify(json))
    },
  })

/** The states that a list is asked for; nothing, and `*`, are all. */
function statusesIn(given: string | undefined): contract.SnapshotStatus[] {
  const words = (given ?? '').split(',').map((word) => word.trim().toLowerCase())
  if (words.every((word) => word === '') || words.includes('*')) return []
  return words.map((word) => {
    const status = contract.snapshotStatuses.find((one) => one === word)
    if (status === undefined)
      throw new Fault('invalid', `A status is one of ${contract.snapshotStatuses.join(', ')}.`, { where: 'status' })
    return status
  })
}

export const listAllSnapshots = () => listing(contract.listSnapshots)
export const headAllSnapshots = () => listing(contract.headSnapshots)
