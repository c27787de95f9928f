import * as contract from '@cardea/contract/vault/certificates'
import { purgeCertificate } from '#core/certificates/certificates.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'

export default ({ delays }: VaultRoutes) =>
  vaultRoute(contract.purgeDeletedCertificate, {
    resource: theCertificate,
    run: (scope, { params, subject: vault }) => purgeCertificate(scope, vault, params.name, delays.purgeMs),
  })
