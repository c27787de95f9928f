import * as contract from '@cardea/contract/management/vaults'
import { listVaults } from '#core/resources/vaults.ts'
import type { Hosts } from '../../http/hosts.ts'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listedByPage } from '../replies.ts'
import { resourceOf } from './wire.ts'

export default (hosts: Hosts) =>
  managementRoute(contract.listGroupVaults, {
    resource: theGroup,
    async run(sight, { call, params, query, subject: { tenant } }) {
      const vaults = await listVaults(sight, params.group)
      return listedByPage(
        hosts,
        call,
        query,
        vaults.map((vault) => resourceOf(vault, tenant, hosts)),
      )
    },
  })
