import * as contract from '@cardea/contract/vault/certificates'
import type { Asked } from '#core/certificates/asking.ts'
import { createCertificate } from '#core/certificates/certificates.ts'
import { prepareCertificate } from '#core/certificates/making.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { startedOf } from './operation-wire.ts'
import { policySaid } from './policy-wire.ts'
import { draftFrom } from './wire.ts'

export default ({ vaultUrl, custodians }: VaultRoutes) =>
  vaultRoute(contract.createCertificate, {
    resource: theCertificate,
    prepare: ({ params, body, subject: vault, sql, keyring }): Promise<Asked> =>
      prepareCertificate({ sql, keyring, custodians }, vault, params.name, policySaid(body.policy)),
    async run(scope, { params, body, subject: vault, caller, call, prepared }) {
      const draft = { ...draftFrom(body), policy: policySaid(body.policy) }
      const operation = await createCertificate(scope, caller, vault, params.name, draft, await prepared)
      return startedOf(vaultUrl(vault.name), call.query['api-version'] as string, operation)
    },
  })
