import * as contract from '@cardea/contract/vault/certificates'
import { type Importing, importCertificate } from '#core/certificates/certificates.ts'
import { prepareImport } from '#core/certificates/making.ts'
import { dialectIn } from '../objects.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { policySaid } from './policy-wire.ts'
import { bundleOf, draftFrom } from './wire.ts'

export default ({ vaultUrl, custodians, bundles }: VaultRoutes) =>
  vaultRoute(contract.importCertificate, {
    resource: theCertificate,
    prepare({ body, subject: vault }): Promise<Importing> {
      const { value, pwd: password, preserveCertOrder: preservesOrder } = body
      const brought = { value, password, policy: policySaid(body.policy), preservesOrder }
      return prepareImport({ custodians, bundles }, vault, brought)
    },
    async run(scope, { params, body, subject: vault, call, prepared }) {
      const certificate = await importCertificate(scope, vault, params.name, draftFrom(body), await prepared)
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), certificate)
    },
  })
