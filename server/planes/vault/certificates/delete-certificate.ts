import * as contract from '@cardea/contract/vault/certificates'
import { deleteCertificate } from '#core/certificates/certificates.ts'
import { dialectIn } from '../objects.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { deletedBundleOf } from './wire.ts'

export default ({ vaultUrl, delays }: VaultRoutes) =>
  vaultRoute(contract.deleteCertificate, {
    resource: theCertificate,
    async run(scope, { params, subject: vault, call }) {
      const certificate = await deleteCertificate(scope, vault, params.name, delays.deleteMs)
      return deletedBundleOf(vaultUrl(vault.name), vault, dialectIn(call), certificate)
    },
  })
