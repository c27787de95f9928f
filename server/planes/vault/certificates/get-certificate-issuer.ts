import * as contract from '@cardea/contract/vault/issuers'
import { getIssuer } from '#core/certificates/issuers.ts'
import { theIssuer } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { issuerOf } from './issuer-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.getCertificateIssuer, {
    resource: theIssuer,
    async run(sight, { params, subject: vault }) {
      return issuerOf(vaultUrl(vault.name), await getIssuer(sight, vault, params.issuer))
    },
  })
