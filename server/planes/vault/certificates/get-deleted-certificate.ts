import * as contract from '@cardea/contract/vault/certificates'
import { getDeletedCertificate } from '#core/certificates/certificates.ts'
import { dialectIn } from '../objects.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { deletedBundleOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.getDeletedCertificate, {
    resource: theCertificate,
    async run(sight, { params, subject: vault, call }) {
      const certificate = await getDeletedCertificate(sight, vault, params.name)
      return deletedBundleOf(vaultUrl(vault.name), vault, dialectIn(call), certificate)
    },
  })
