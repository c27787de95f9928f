import * as contract from '@cardea/contract/vault/certificates'
import { getOperation } from '#core/certificates/pending.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { progressOf } from './operation-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.getCertificateOperation, {
    resource: theCertificate,
    async run(sight, { params, query, subject: vault }) {
      return progressOf(vaultUrl(vault.name), await getOperation(sight, vault, params.name, query.request_id))
    },
  })
