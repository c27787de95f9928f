import * as contract from '@cardea/contract/vault/keys'
import { listKeyVersions } from '#core/keys/keys.ts'
import { dialectIn } from '../objects.ts'
import { pageOf, sliceOf } from '../paging.ts'
import { theKey } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { versionItemOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.listKeyVersions, {
    resource: theKey,
    async run(sight, { params, query, subject: vault, call }) {
      const origin = vaultUrl(vault.name)
      const dialect = dialectIn(call)
      const found = await listKeyVersions(sight, vault, params.name, sliceOf(query))
      return pageOf(
        call,
        origin,
        query,
        found,
        ({ version }) => version,
        (key) => versionItemOf(origin, vault, dialect, key),
      )
    },
  })
