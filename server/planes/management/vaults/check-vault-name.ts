import * as contract from '@cardea/contract/management/vaults'
import { vaultNameTaken } from '#core/resources/vaults.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { availability } from '../replies.ts'

export default () =>
  managementRoute(contract.checkVaultName, {
    resource: subscriptionId,
    async run(sight, { body: { name } }) {
      return availability(await vaultNameTaken(sight, name))
    },
  })
