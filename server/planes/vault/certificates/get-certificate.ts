import * as contract from '@cardea/contract/vault/certificates'
import { getCertificate } from '#core/certificates/certificates.ts'
import { dialectIn } from '../objects.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.getCertificate, {
    resource: theCertificate,
    async run(sight, { params, subject: vault, call }) {
      const certificate = await getCertificate(sight, vault, params.name, params.version)
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), certificate)
    },
  })
