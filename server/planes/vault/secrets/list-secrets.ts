import * as contract from '@cardea/contract/vault/secrets'
import { nameKey } from '#core/objects/object.ts'
import { listSecrets } from '#core/secrets/secrets.ts'
import { dialectIn } from '../objects.ts'
import { pageOf, sliceOf } from '../paging.ts'
import { theVault } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { itemOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.listSecrets, {
    resource: theVault,
    async run(sight, { query, subject: vault, call }) {
      const origin = vaultUrl(vault.name)
      const dialect = dialectIn(call)
      const found = await listSecrets(sight, vault, sliceOf(query))
      return pageOf(
        call,
        origin,
        query,
        found,
        ({ name }) => nameKey(name),
        (secret) => itemOf(origin, vault, dialect, secret),
      )
    },
  })
