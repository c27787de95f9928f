import * as contract from '@cardea/contract/vault/keys'
import { listKeyVersions } from '#core/keys/keys.ts'
import { versionsRoute } from '../listing.ts'
import { theKey } from '../resource.ts'
import type { VaultRoutes } from '../vault-route.ts'
import { versionItemOf } from './wire.ts'

export default (around: VaultRoutes) =>
  versionsRoute(around, contract.listKeyVersions, theKey, listKeyVersions, versionItemOf)
