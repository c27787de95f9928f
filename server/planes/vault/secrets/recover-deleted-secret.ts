import * as contract from '@cardea/contract/vault/secrets'
import { recoverSecret } from '#core/secrets/secrets.ts'
import { dialectIn } from '../objects.ts'
import { theSecret } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf } from './wire.ts'

export default ({ vaultUrl, delays }: VaultRoutes) =>
  vaultRoute(contract.recoverDeletedSecret, {
    resource: theSecret,
    async run(scope, { params, subject: vault, call }) {
      return bundleOf(
        vaultUrl(vault.name),
        vault,
        dialectIn(call),
        await recoverSecret(scope, vault, params.name, delays.recoverMs),
      )
    },
  })
