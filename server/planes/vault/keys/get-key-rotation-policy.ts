import * as contract from '@cardea/contract/vault/keys'
import { getRotationPolicy } from '#core/keys/rotation.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { policyOf } from './policy-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.getKeyRotationPolicy, {
    resource: theKey,
    async run(sight, { params, subject: vault }) {
      return policyOf(vaultUrl(vault.name), await getRotationPolicy(sight, vault, params.name))
    },
  })
