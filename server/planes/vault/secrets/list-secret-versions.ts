import * as contract from '@cardea/contract/vault/secrets'
import { listSecretVersions } from '#core/secrets/secrets.ts'
import { dialectIn } from '../objects.ts'
import { pageOf, sliceOf } from '../paging.ts'
import { theSecret } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { versionItemOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.listSecretVersions, {
    resource: theSecret,
    async run(sight, { params, query, subject: vault, call }) {
      const origin = vaultUrl(vault.name)
      const dialect = dialectIn(call)
      const found = await listSecretVersions(sight, vault, params.name, sliceOf(query))
      return pageOf(
        call,
        origin,
        query,
        found,
        ({ version }) => version,
        (secret) => versionItemOf(origin, vault, dialect, secret),
      )
    },
  })
