import * as contract from '@cardea/contract/vault/secrets'
import { nameKey } from '#core/objects/object.ts'
import { listDeletedSecrets } from '#core/secrets/secrets.ts'
import { dialectIn } from '../objects.ts'
import { pageOf, sliceOf } from '../paging.ts'
import { theVault } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { deletedItemOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.listDeletedSecrets, {
    resource: theVault,
    async run(sight, { query, subject: vault, call }) {
      const origin = vaultUrl(vault.name)
      const dialect = dialectIn(call)
      const found = await listDeletedSecrets(sight, vault, sliceOf(query))
      return pageOf(
        call,
        origin,
        query,
        found,
        ({ name }) => nameKey(name),
        (secret) => deletedItemOf(origin, vault, dialect, secret),
      )
    },
  })
