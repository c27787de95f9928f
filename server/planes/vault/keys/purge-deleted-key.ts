import * as contract from '@cardea/contract/vault/keys'
import { purgeKey } from '#core/keys/keys.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'

export default ({ delays }: VaultRoutes) =>
  vaultRoute(contract.purgeDeletedKey, {
    resource: theKey,
    run: (scope, { params, subject: vault }) => purgeKey(scope, vault, params.name, delays.purgeMs),
  })
