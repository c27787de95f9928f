import * as contract from '@cardea/contract/vault/secrets'
import { getSecret } from '#core/secrets/secrets.ts'
import { dialectIn } from '../objects.ts'
import { theSecret } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { inForm } from './conversion.ts'
import { bundleOf } from './wire.ts'

export default ({ vaultUrl, bundles }: VaultRoutes) =>
  vaultRoute(contract.getSecret, {
    resource: theSecret,
    async run(sight, { params, query, subject: vault, call }) {
      const { outcontenttype: form } = query
      const kept = await getSecret(sight, vault, params.name, params.version)
      const secret = form === undefined ? kept : await inForm(bundles, kept, form)
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), secret)
    },
  })
