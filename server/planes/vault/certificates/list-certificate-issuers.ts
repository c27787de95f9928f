import * as contract from '@cardea/contract/vault/certificates'
import { listIssuers } from '#core/certificates/issuers.ts'
import { nameKey } from '#core/objects/object.ts'
import { pageOf, sliceOf } from '../paging.ts'
import { theVault } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { issuerItemOf } from './issuer-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.listCertificateIssuers, {
    resource: theVault,
    async run(sight, { query, subject: vault, call }) {
      const origin = vaultUrl(vault.name)
      const found = await listIssuers(sight, vault, sliceOf(query))
      return pageOf(
        call,
        origin,
        query,
        found,
        ({ name }) => nameKey(name),
        (issuer) => issuerItemOf(origin, issuer),
      )
    },
  })
