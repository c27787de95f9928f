import * as contract from '@cardea/contract/vault/keys'
import { adopt } from '#core/keys/custody.ts'
import type { Made } from '#core/keys/key.ts'
import { createKey } from '#core/keys/keys.ts'
import { dialectIn } from '../objects.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf, draftFrom, importedFrom } from './wire.ts'

export default ({ vaultUrl, custodians }: VaultRoutes) =>
  vaultRoute(contract.importKey, {
    resource: theKey,
    async prepare({ body, subject: vault }): Promise<Made> {
      const { custody, jwk } = importedFrom(body.key, body.Hsm)
      return adopt(custodians, vault, custody, jwk)
    },
    async run(scope, { params, body, subject: vault, call, prepared }) {
      const draft = draftFrom({ ...body, key_ops: body.key.key_ops })
      const key = await createKey(scope, vault, params.name, draft, await prepared)
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), key)
    },
  })
