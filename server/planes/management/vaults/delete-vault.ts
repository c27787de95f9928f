import * as contract from '@cardea/contract/management/vaults'
import { deleteVault } from '#core/resources/vault-life.ts'
import { theVault } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { deleted } from '../replies.ts'

export default () =>
  managementRoute(contract.deleteVault, {
    resource: theVault,
    async run(scope, { call, subject }) {
      return deleted(await deleteVault(scope, theVault(call.params, subject)))
    },
  })
