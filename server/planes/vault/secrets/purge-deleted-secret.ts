import * as contract from '@cardea/contract/vault/secrets'
import { purgeSecret } from '#core/secrets/secrets.ts'
import { theSecret } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'

export default ({ delays }: VaultRoutes) =>
  vaultRoute(contract.purgeDeletedSecret, {
    resource: theSecret,
    run: (scope, { params, subject: vault }) => purgeSecret(scope, vault, params.name, delays.purgeMs),
  })
