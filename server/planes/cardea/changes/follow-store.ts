import * as contract from '@cardea/contract/cardea/changes'
import type { Store } from '#core/vaults/store.ts'
import { type Route, route } from '../../plane.ts'
import type { Around } from '../around.ts'
import { follow } from './change-stream.ts'

export default (around: Around): Route<Store> =>
  route(contract.followStore, {
    resource: (_, { resourceId }) => resourceId,
    run: async (_, { query, subject, caller, call }) =>
      follow(around, 'settings/read', subject, caller, call, query.after),
  })
