import * as contract from '@cardea/contract/vault/certificates'
import { restoreCertificate } from '#core/certificates/backup.ts'
import { dialectIn } from '../objects.ts'
import { theVault } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.restoreCertificate, {
    resource: theVault,
    async run(scope, { body, subject: vault, call }) {
      const certificate = await restoreCertificate(scope, vault, body.value)
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), certificate)
    },
  })
