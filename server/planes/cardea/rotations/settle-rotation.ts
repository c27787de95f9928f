import * as contract from '@cardea/contract/cardea/rotations'
import { settleRotation } from '#core/rotation/rotation.ts'
import { theSecret } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'
import type { Around } from '../around.ts'
import { viewOf } from './wire.ts'

export default ({ times }: Around) =>
  vaultRoute(contract.settleRotation, {
    resource: theSecret,
    async run(scope, { params: { name }, body: { way }, subject: vault }) {
      return viewOf(name, await settleRotation(scope, times, vault, name, way))
    },
  })
