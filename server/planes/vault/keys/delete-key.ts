import * as contract from '@cardea/contract/vault/keys'
import { deleteKey } from '#core/keys/keys.ts'
import { dialectIn } from '../objects.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { deletedBundleOf } from './wire.ts'

export default ({ vaultUrl, delays }: VaultRoutes) =>
  vaultRoute(contract.deleteKey, {
    resource: theKey,
    async run(scope, { params, subject: vault, call }) {
      const key = await deleteKey(scope, vault, params.name, delays.deleteMs)
      return deletedBundleOf(vaultUrl(vault.name), vault, dialectIn(call), key)
    },
  })
