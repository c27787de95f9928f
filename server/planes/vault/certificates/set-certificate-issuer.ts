import * as contract from '@cardea/contract/vault/issuers'
import { setIssuer } from '#core/certificates/issuers.ts'
import { theIssuer } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { issuerDraftFrom, issuerOf } from './issuer-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.setCertificateIssuer, {
    resource: theIssuer,
    async run(scope, { params, body, subject: vault }) {
      return issuerOf(
        vaultUrl(vault.name),
        await setIssuer(scope, vault, params.issuer, {
          ...issuerDraftFrom(body),
          provider: body.provider,
        }),
      )
    },
  })
