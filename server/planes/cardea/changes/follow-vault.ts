import * as contract from '@cardea/contract/cardea/changes'
import type { Vault } from '#core/vaults/vault.ts'
import { type Route, route } from '../../plane.ts'
import type { Around } from '../around.ts'
import { follow } from './change-stream.ts'

export default (around: Around): Route<Vault> =>
  route(contract.followVault, {
    resource: (_, { resourceId }) => resourceId,
    run: async (_, { query, subject, caller, call }) =>
      follow(around, 'secrets/get', subject, caller, call, query.after),
  })
