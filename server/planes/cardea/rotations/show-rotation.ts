import * as contract from '@cardea/contract/cardea/rotations'
import { showRotation } from '#core/rotation/rotation.ts'
import { theSecret } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'
import type { Around } from '../around.ts'
import { viewOf } from './wire.ts'

export default ({ times }: Around) =>
  vaultRoute(contract.showRotation, {
    resource: theSecret,
    async run(sight, { params: { name }, subject: vault }) {
      return viewOf(name, await showRotation(sight, times, vault, name))
    },
  })
