import * as contract from '@cardea/contract/management/vaults'
import { listVaults } from '#core/resources/vaults.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listedByPage } from '../replies.ts'
import { resourceOf, type VaultUrl } from './wire.ts'

export default (urls: VaultUrl) =>
  managementRoute(contract.listVaults, {
    resource: subscriptionId,
    async run(sight, { call, query, subject: { tenant } }) {
      const vaults = await listVaults(sight)
      return listedByPage(
        call,
        query,
        vaults.map((vault) => resourceOf(vault, tenant, urls)),
      )
    },
  })
