import * as contract from '@cardea/contract/vault/issuers'
import { deleteIssuer } from '#core/certificates/issuers.ts'
import { theIssuer } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { issuerOf } from './issuer-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.deleteCertificateIssuer, {
    resource: theIssuer,
    async run(scope, { params, subject: vault }) {
      return issuerOf(vaultUrl(vault.name), await deleteIssuer(scope, vault, params.issuer))
    },
  })
