import * as contract from '@cardea/contract/vault/certificates'
import { prepareMerge } from '#core/certificates/making.ts'
import { type Merging, mergeCertificate } from '#core/certificates/pending.ts'
import { Headed } from '../headed.ts'
import { dialectIn } from '../objects.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { bundleOf, derFrom, draftFrom } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.mergeCertificate, {
    resource: theCertificate,
    prepare: ({ params, body, subject: vault, sql, keyring }): Promise<Merging> =>
      prepareMerge({ sql, keyring }, vault, params.name, body.x5c.map(derFrom)),
    async run(scope, { params, body, subject: vault, call, prepared }) {
      const origin = vaultUrl(vault.name)
      const certificate = await mergeCertificate(scope, vault, params.name, draftFrom(body), await prepared)
      const version = encodeURIComponent(call.query['api-version'] as string)
      return new Headed(bundleOf(origin, vault, dialectIn(call), certificate), {
        location: `${origin}/certificates/${certificate.name}?api-version=${version}`,
      })
    },
  })
