import * as contract from '@cardea/contract/management/vaults'
import { listVaults } from '#core/resources/vaults.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { resourceOf, type VaultUrl } from './wire.ts'

export default (urls: VaultUrl) =>
  managementRoute(contract.listVaults, {
    resource: subscriptionId,
    async run(sight, { subject: { tenant } }) {
      return listed((await listVaults(sight)).map((vault) => resourceOf(vault, tenant, urls)))
    },
  })
