import * as contract from '@cardea/contract/vault/keys'
import { updateKey } from '#core/keys/keys.ts'
import { dialectIn } from '../objects.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf, draftFrom } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.updateKey, {
    resource: theKey,
    async run(scope, { params, body, subject: vault, call }) {
      const key = await updateKey(scope, vault, params.name, params.version, draftFrom(body))
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), key)
    },
  })
