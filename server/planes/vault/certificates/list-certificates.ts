import * as contract from '@cardea/contract/vault/certificates'
import { listCertificates } from '#core/certificates/certificates.ts'
import { namesRoute } from '../listing.ts'
import type { VaultRoutes } from '../vault-route.ts'
import { itemOf } from './wire.ts'

export default (around: VaultRoutes) => namesRoute(around, contract.listCertificates, listCertificates, itemOf)
