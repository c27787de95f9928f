import * as contract from '@cardea/contract/vault/secrets'
import { getDeletedSecret } from '#core/secrets/secrets.ts'
import { dialectIn } from '../objects.ts'
import { theSecret } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { deletedBundleOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.getDeletedSecret, {
    resource: theSecret,
    async run(sight, { params, subject: vault, call }) {
      return deletedBundleOf(
        vaultUrl(vault.name),
        vault,
        dialectIn(call),
        await getDeletedSecret(sight, vault, params.name),
      )
    },
  })
