import * as contract from '@cardea/contract/vault/certificates'
import { listCertificates } from '#core/certificates/certificates.ts'
import { nameKey } from '#core/objects/object.ts'
import { dialectIn } from '../objects.ts'
import { pageOf, sliceOf } from '../paging.ts'
import { theVault } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { itemOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.listCertificates, {
    resource: theVault,
    async run(sight, { query, subject: vault, call }) {
      const origin = vaultUrl(vault.name)
      const dialect = dialectIn(call)
      const slice = { ...sliceOf(query), includesPending: query.includepending ?? false }
      const found = await listCertificates(sight, vault, slice)
      return pageOf(
        call,
        origin,
        query,
        found,
        ({ name }) => nameKey(name),
        (certificate) => itemOf(origin, vault, dialect, certificate),
      )
    },
  })
