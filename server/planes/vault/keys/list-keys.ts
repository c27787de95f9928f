import * as contract from '@cardea/contract/vault/keys'
import { listKeys } from '#core/keys/keys.ts'
import { nameKey } from '#core/objects/object.ts'
import { dialectIn } from '../objects.ts'
import { pageOf, sliceOf } from '../paging.ts'
import { theVault } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { itemOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.listKeys, {
    resource: theVault,
    async run(sight, { query, subject: vault, call }) {
      const origin = vaultUrl(vault.name)
      const dialect = dialectIn(call)
      const found = await listKeys(sight, vault, sliceOf(query))
      return pageOf(
        call,
        origin,
        query,
        found,
        ({ name }) => nameKey(name),
        (key) => itemOf(origin, vault, dialect, key),
      )
    },
  })
