import * as contract from '@cardea/contract/vault/secrets'
import { listSecretVersions } from '#core/secrets/secrets.ts'
import { versionsRoute } from '../listing.ts'
import { theSecret } from '../resource.ts'
import type { VaultRoutes } from '../vault-route.ts'
import { versionItemOf } from './wire.ts'

export default (around: VaultRoutes) =>
  versionsRoute(around, contract.listSecretVersions, theSecret, listSecretVersions, versionItemOf)
