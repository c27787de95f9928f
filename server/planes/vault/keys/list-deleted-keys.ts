import * as contract from '@cardea/contract/vault/keys'
import { listDeletedKeys } from '#core/keys/keys.ts'
import { namesRoute } from '../listing.ts'
import type { VaultRoutes } from '../vault-route.ts'
import { deletedItemOf } from './wire.ts'

export default (around: VaultRoutes) => namesRoute(around, contract.listDeletedKeys, listDeletedKeys, deletedItemOf)
