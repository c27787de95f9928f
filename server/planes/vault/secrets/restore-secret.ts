import * as contract from '@cardea/contract/vault/secrets'
import { restoreSecret } from '#core/secrets/secrets.ts'
import { dialectIn } from '../objects.ts'
import { theVault } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.restoreSecret, {
    resource: theVault,
    async run(scope, { body, subject: vault, call }) {
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), await restoreSecret(scope, vault, body.value))
    },
  })
