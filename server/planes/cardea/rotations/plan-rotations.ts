import * as contract from '@cardea/contract/cardea/rotation-plan'
import { fromSeconds } from '#base/clock.ts'
import { planRotations } from '#core/rotation/bindings.ts'
import { theVault } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'
import type { Around } from '../around.ts'
import { planViewOf } from './wire.ts'

/** As many as one node rotates at once. */
const atOnceDefault = 16

export default ({ providers }: Around) =>
  vaultRoute(contract.planRotations, {
    resource: theVault,
    async run(sight, { query, subject: vault }) {
      const { seconds = contract.planSecondsDefault, most = atOnceDefault } = query
      const frame = { from: sight.at, until: sight.at + fromSeconds(seconds), atOnce: most }
      return planViewOf(await planRotations(sight, providers, vault, frame))
    },
  })
