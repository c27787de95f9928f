import * as contract from '@cardea/contract/vault/keys'
import { recoverKey } from '#core/keys/keys.ts'
import { dialectIn } from '../objects.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf } from './wire.ts'

export default ({ vaultUrl, delays }: VaultRoutes) =>
  vaultRoute(contract.recoverDeletedKey, {
    resource: theKey,
    async run(scope, { params, subject: vault, call }) {
      const key = await recoverKey(scope, vault, params.name, delays.recoverMs)
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), key)
    },
  })
