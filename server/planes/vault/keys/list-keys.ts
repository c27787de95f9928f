import * as contract from '@cardea/contract/vault/keys'
import { listKeys } from '#core/keys/keys.ts'
import { namesRoute } from '../listing.ts'
import type { VaultRoutes } from '../vault-route.ts'
import { itemOf } from './wire.ts'

export default (around: VaultRoutes) => namesRoute(around, contract.listKeys, listKeys, itemOf)
