import * as contract from '@cardea/contract/cardea/derivations'
import { underiveSecret } from '#core/secrets/derivations.ts'
import { theSecret } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'

export default () =>
  vaultRoute(contract.underiveSecret, {
    resource: theSecret,
    run: (scope, { params: { name }, subject: vault }) => underiveSecret(scope, vault, name),
  })
