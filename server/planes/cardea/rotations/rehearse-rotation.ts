import * as contract from '@cardea/contract/cardea/rehearsals'
import { rehearseRotation } from '#core/rotation/rehearsal.ts'
import { theSecret } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'
import { rehearsalViewOf } from './wire.ts'

export default () =>
  vaultRoute(contract.rehearseRotation, {
    resource: theSecret,
    async run(scope, { params: { name }, subject: vault }) {
      return rehearsalViewOf(name, await rehearseRotation(scope, vault, name))
    },
  })
