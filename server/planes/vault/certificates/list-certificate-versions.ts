import * as contract from '@cardea/contract/vault/certificates'
import { listCertificateVersions } from '#core/certificates/certificates.ts'
import { versionsRoute } from '../listing.ts'
import { theCertificate } from '../resource.ts'
import type { VaultRoutes } from '../vault-route.ts'
import { versionItemOf } from './wire.ts'

export default (around: VaultRoutes) =>
  versionsRoute(around, contract.listCertificateVersions, theCertificate, listCertificateVersions, versionItemOf)
