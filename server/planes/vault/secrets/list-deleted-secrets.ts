import * as contract from '@cardea/contract/vault/secrets'
import { listDeletedSecrets } from '#core/secrets/secrets.ts'
import { namesRoute } from '../listing.ts'
import type { VaultRoutes } from '../vault-route.ts'
import { deletedItemOf } from './wire.ts'

export default (around: VaultRoutes) =>
  namesRoute(around, contract.listDeletedSecrets, listDeletedSecrets, deletedItemOf)
