import * as contract from '@cardea/contract/cardea/rotations'
import { rotateNow } from '#core/rotation/rotation.ts'
import { theSecret } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'
import type { Around } from '../around.ts'
import { viewOf } from './wire.ts'

export default ({ times }: Around) =>
  vaultRoute(contract.rotateNow, {
    resource: theSecret,
    async run(scope, { params: { name }, subject: vault }) {
      return viewOf(name, await rotateNow(scope, times, vault, name))
    },
  })
