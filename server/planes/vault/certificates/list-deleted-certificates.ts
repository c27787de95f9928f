import * as contract from '@cardea/contract/vault/certificates'
import { listDeletedCertificates } from '#core/certificates/certificates.ts'
import { namesRoute } from '../listing.ts'
import type { VaultRoutes } from '../vault-route.ts'
import { deletedItemOf } from './wire.ts'

export default (around: VaultRoutes) =>
  namesRoute(around, contract.listDeletedCertificates, listDeletedCertificates, deletedItemOf)
