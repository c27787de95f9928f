import * as contract from '@cardea/contract/vault/issuers'
import { updateIssuer } from '#core/certificates/issuers.ts'
import { theIssuer } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { issuerDraftFrom, issuerOf } from './issuer-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.updateCertificateIssuer, {
    resource: theIssuer,
    async run(scope, { params, body, subject: vault }) {
      return issuerOf(vaultUrl(vault.name), await updateIssuer(scope, vault, params.issuer, issuerDraftFrom(body)))
    },
  })
