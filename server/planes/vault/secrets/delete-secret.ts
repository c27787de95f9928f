import * as contract from '@cardea/contract/vault/secrets'
import { deleteSecret } from '#core/secrets/secrets.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { theSecret } from './resource.ts'
import { deletedBundleOf, dialectIn } from './wire.ts'

export default ({ vaultUrl, delays }: VaultRoutes) =>
  vaultRoute(contract.deleteSecret, {
    resource: theSecret,
    async run(scope, { params, subject: vault, call }) {
      return deletedBundleOf(
        vaultUrl(vault.name),
        vault,
        dialectIn(call),
        await deleteSecret(scope, vault, params.name, delays.deleteMs),
      )
    },
  })
