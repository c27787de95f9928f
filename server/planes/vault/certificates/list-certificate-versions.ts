import * as contract from '@cardea/contract/vault/certificates'
import { listCertificateVersions } from '#core/certificates/certificates.ts'
import { dialectIn } from '../objects.ts'
import { pageOf, sliceOf } from '../paging.ts'
import { theCertificate } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { versionItemOf } from './wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.listCertificateVersions, {
    resource: theCertificate,
    async run(sight, { params, query, subject: vault, call }) {
      const origin = vaultUrl(vault.name)
      const dialect = dialectIn(call)
      const found = await listCertificateVersions(sight, vault, params.name, sliceOf(query))
      return pageOf(
        call,
        origin,
        query,
        found,
        ({ version }) => version,
        (certificate) => versionItemOf(origin, vault, dialect, certificate),
      )
    },
  })
