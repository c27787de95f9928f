import * as contract from '@cardea/contract/cardea/derivations'
import { refuseBound } from '#core/rotation/rotation.ts'
import { deriveSecret } from '#core/secrets/derivations.ts'
import { theSecret } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'
import { derivationViewOf } from './wire.ts'

export default () =>
  vaultRoute(contract.deriveSecret, {
    resource: theSecret,
    async run(
      scope,
      { params: { name }, body: { template, escaping = 'plain', values = {} }, subject: vault, caller },
    ) {
      await refuseBound(scope.sql, vault, name)
      const shown = await deriveSecret(scope, caller, vault, name, { template, escaping, values })
      return derivationViewOf(scope, vault, name, shown)
    },
  })
