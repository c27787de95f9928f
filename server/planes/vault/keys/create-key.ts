import * as contract from '@cardea/contract/vault/keys'
import { generate } from '#core/keys/custody.ts'
import type { Made } from '#core/keys/key.ts'
import { createKey } from '#core/keys/keys.ts'
import { dialectIn } from '../objects.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf, draftFrom, wantedFrom } from './wire.ts'

export default ({ vaultUrl, custodians, toll }: VaultRoutes) =>
  vaultRoute(contract.createKey, {
    resource: theKey,
    async prepare({ body, subject: vault }): Promise<Made> {
      const { custody, shape } = wantedFrom(body)
      toll?.charge(vault, contract.createKey, { custody, shape })
      return generate(custodians, vault, custody, shape)
    },
    async run(scope, { params, body, subject: vault, call, prepared }) {
      const key = await createKey(scope, vault, params.name, draftFrom(body), await prepared)
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), key)
    },
  })
