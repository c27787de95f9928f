import * as contract from '@cardea/contract/vault/keys'
import { getDeletedKey } from '#core/keys/keys.ts'
import { dialectIn } from '../objects.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { deletedBundleOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.getDeletedKey, {
    resource: theKey,
    async run(sight, { params, subject: vault, call }) {
      const key = await getDeletedKey(sight, vault, params.name)
      return deletedBundleOf(vaultUrl(vault.name), vault, dialectIn(call), key)
    },
  })
