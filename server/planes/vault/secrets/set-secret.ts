import * as contract from '@cardea/contract/vault/secrets'
import { setSecret } from '#core/secrets/secrets.ts'
import { dialectIn } from '../objects.ts'
import { theSecret } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf, draftFrom } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.setSecret, {
    resource: theSecret,
    async run(scope, { params, body, subject: vault, call }) {
      const secret = await setSecret(scope, vault, params.name, body.value, draftFrom(body))
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), secret)
    },
  })
