import * as contract from '@cardea/contract/vault/secrets'
import { recoverSecret } from '#core/secrets/secrets.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { theSecret } from './resource.ts'
import { bundleOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.recoverDeletedSecret, {
    resource: theSecret,
    async run(scope, { params, subject: vault }) {
      return bundleOf(vaultUrl(vault.name), vault, await recoverSecret(scope, vault, params.name))
    },
  })
