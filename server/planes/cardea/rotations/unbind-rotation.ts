import * as contract from '@cardea/contract/cardea/rotations'
import { unbindRotation } from '#core/rotation/rotation.ts'
import { theSecret } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'

export default () =>
  vaultRoute(contract.unbindRotation, {
    resource: theSecret,
    async run(scope, { params: { name }, subject: vault }) {
      await unbindRotation(scope, vault, name)
    },
  })
