import * as contract from '@cardea/contract/management/vaults'
import { listVaults } from '#core/resources/vaults.ts'
import type { Hosts } from '../../http/hosts.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listedByPage } from '../replies.ts'
import { resourceOf } from './wire.ts'

export default (hosts: Hosts) =>
  managementRoute(contract.listVaults, {
    resource: subscriptionId,
    async run(sight, { call, query, subject: { tenant } }) {
      const vaults = await listVaults(sight)
      return listedByPage(
        hosts,
        call,
        query,
        vaults.map((vault) => resourceOf(vault, tenant, hosts)),
      )
    },
  })
