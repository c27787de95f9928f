import * as contract from '@cardea/contract/vault/issuers'
import { listIssuers } from '#core/certificates/issuers.ts'
import { namesRoute } from '../listing.ts'
import type { VaultRoutes } from '../vault-route.ts'
import { issuerItemOf } from './issuer-wire.ts'

export default (around: VaultRoutes) =>
  namesRoute(around, contract.listCertificateIssuers, listIssuers, (origin, _vault, _dialect, issuer) =>
    issuerItemOf(origin, issuer),
  )
