import * as contract from '@cardea/contract/vault/secrets'
import { listSecrets } from '#core/secrets/secrets.ts'
import { namesRoute } from '../listing.ts'
import type { VaultRoutes } from '../vault-route.ts'
import { itemOf } from './wire.ts'

export default (around: VaultRoutes) => namesRoute(around, contract.listSecrets, listSecrets, itemOf)
