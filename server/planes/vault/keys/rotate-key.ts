import * as contract from '@cardea/contract/vault/keys'
import { generate } from '#core/keys/custody.ts'
import type { Made } from '#core/keys/key.ts'
import { rotateKey, versionToRotate } from '#core/keys/rotation.ts'
import { dialectIn } from '../objects.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf } from './wire.ts'

export default ({ vaultUrl, custodians, toll }: VaultRoutes) =>
  vaultRoute(contract.rotateKey, {
    resource: theKey,
    async prepare({ params, subject: vault, sql, keyring }): Promise<Made> {
      const { custody, shape } = await versionToRotate({ sql, keyring }, vault, params.name)
      toll?.charge(vault, contract.rotateKey, { custody, shape })
      return generate(custodians, vault, custody, shape)
    },
    async run(scope, { params, subject: vault, call, prepared }) {
      const key = await rotateKey(scope, vault, params.name, await prepared)
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), key)
    },
  })
