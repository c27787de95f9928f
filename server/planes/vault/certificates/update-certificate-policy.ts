import * as contract from '@cardea/contract/vault/certificates'
import { updatePolicy } from '#core/certificates/certificates.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { policyDraftFrom, policyOf } from './policy-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.updateCertificatePolicy, {
    resource: theCertificate,
    async run(scope, { params, body, subject: vault }) {
      const { name, policy } = await updatePolicy(scope, vault, params.name, policyDraftFrom(body))
      return policyOf(vaultUrl(vault.name), name, policy)
    },
  })
