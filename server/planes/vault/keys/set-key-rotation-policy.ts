import * as contract from '@cardea/contract/vault/keys'
import { setRotationPolicy } from '#core/keys/rotation.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { policyDraftFrom, policyOf } from './policy-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.setKeyRotationPolicy, {
    resource: theKey,
    async run(scope, { params, body, subject: vault }) {
      return policyOf(vaultUrl(vault.name), await setRotationPolicy(scope, vault, params.name, policyDraftFrom(body)))
    },
  })
