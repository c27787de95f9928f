import * as contract from '@cardea/contract/vault/keys'
import { getKey } from '#core/keys/keys.ts'
import { dialectIn } from '../objects.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.getKey, {
    resource: theKey,
    async run(sight, { params, subject: vault, call }) {
      const key = await getKey(sight, vault, params.name, params.version)
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), key)
    },
  })
