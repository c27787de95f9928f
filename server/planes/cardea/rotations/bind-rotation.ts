import * as contract from '@cardea/contract/cardea/rotations'
import { bindRotation } from '#core/rotation/rotation.ts'
import { theSecret } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'
import type { Around } from '../around.ts'
import { viewOf, wantedFrom } from './wire.ts'

export default ({ providers, times }: Around) =>
  vaultRoute(contract.bindRotation, {
    resource: theSecret,
    async run(scope, { params: { name }, body, subject: vault }) {
      return viewOf(name, await bindRotation(scope, providers, times, vault, name, wantedFrom(body)))
    },
  })
