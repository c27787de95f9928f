import * as contract from '@cardea/contract/vault/certificates'
import { cancelOperation } from '#core/certificates/pending.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { operationOf } from './operation-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.updateCertificateOperation, {
    resource: theCertificate,
    async run(scope, { params, subject: vault }) {
      return operationOf(vaultUrl(vault.name), await cancelOperation(scope, vault, params.name))
    },
  })
