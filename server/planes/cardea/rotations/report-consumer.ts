import * as contract from '@cardea/contract/cardea/consumers'
import { reportConsumer } from '#core/consumers/consumers.ts'
import { theVault } from '../../vault/resource.ts'
import { vaultRoute } from '../../vault/vault-route.ts'

export default () =>
  vaultRoute(contract.reportConsumer, {
    resource: theVault,
    async run(scope, { params, body, subject: vault, caller }): Promise<contract.Reported> {
      return { unreadable: await reportConsumer(scope, vault, caller, { ...body, instance: params.instance }) }
    },
  })
