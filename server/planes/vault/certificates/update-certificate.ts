import * as contract from '@cardea/contract/vault/certificates'
import { updateCertificate, updatePolicy } from '#core/certificates/certificates.ts'
import { dialectIn } from '../objects.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { policySaid } from './policy-wire.ts'
import { bundleOf, draftFrom } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.updateCertificate, {
    resource: theCertificate,
    async run(scope, { params, body, subject: vault, call }) {
      // One policy is for all versions, so a version's update with a policy updates that.
      const policy = policySaid(body.policy)
      if (policy !== undefined) await updatePolicy(scope, vault, params.name, policy)
      const certificate = await updateCertificate(scope, vault, params.name, params.version, draftFrom(body))
      return bundleOf(vaultUrl(vault.name), vault, dialectIn(call), certificate)
    },
  })
