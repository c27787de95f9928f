import * as contract from '@cardea/contract/cardea/rehearsals'
import { showRehearsal } from '#core/rotation/rehearsal.ts'
import { theSecret } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'
import { rehearsalViewOf } from './wire.ts'

export default () =>
  vaultRoute(contract.showRehearsal, {
    resource: theSecret,
    async run(sight, { params: { name }, subject: vault }) {
      return rehearsalViewOf(name, await showRehearsal(sight, vault, name))
    },
  })
