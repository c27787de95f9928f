import * as contract from '@cardea/contract/vault/certificates'
import { getPolicy } from '#core/certificates/certificates.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { policyOf } from './policy-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.getCertificatePolicy, {
    resource: theCertificate,
    async run(sight, { params, subject: vault }) {
      const { name, policy } = await getPolicy(sight, vault, params.name)
      return policyOf(vaultUrl(vault.name), name, policy)
    },
  })
