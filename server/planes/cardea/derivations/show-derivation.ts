import * as contract from '@cardea/contract/cardea/derivations'
import { showDerivation } from '#core/secrets/derivations.ts'
import { theSecret } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'
import { derivationViewOf } from './wire.ts'

export default () =>
  vaultRoute(contract.showDerivation, {
    resource: theSecret,
    async run(sight, { params: { name }, subject: vault }) {
      return derivationViewOf(sight, vault, name, await showDerivation(sight, vault, name))
    },
  })
