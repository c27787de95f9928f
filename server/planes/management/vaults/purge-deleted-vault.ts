import * as contract from '@cardea/contract/management/vaults'
import { purgeVault } from '#core/resources/vault-life.ts'
import { theDeletedVault } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { deleted } from '../replies.ts'

export default () =>
  managementRoute(contract.purgeDeletedVault, {
    resource: theDeletedVault,
    async run(scope, { params: { vault, location } }) {
      await purgeVault(scope, vault, location)
      return deleted(true)
    },
  })
