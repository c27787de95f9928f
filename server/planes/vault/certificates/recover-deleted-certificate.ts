import * as contract from '@cardea/contract/vault/certificates'
import { recoverCertificate } from '#core/certificates/certificates.ts'
import { dialectIn } from '../objects.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf } from './wire.ts'

export default ({ vaultUrl, delays }: VaultRoutes) =>
  vaultRoute(contract.recoverDeletedCertificate, {
    resource: theCertificate,
    async run(scope, { params, subject: vault, call }) {
      const certificate = await recoverCertificate(scope, vault, params.name, delays.recoverMs)
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), certificate)
    },
  })
