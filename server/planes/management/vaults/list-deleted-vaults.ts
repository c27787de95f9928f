import * as contract from '@cardea/contract/management/vaults'
import { listDeletedVaults } from '#core/resources/vault-life.ts'
import type { Hosts } from '../../http/hosts.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listedByPage } from '../replies.ts'
import { deletedOf } from './wire.ts'

export default (hosts: Hosts) =>
  managementRoute(contract.listDeletedVaults, {
    resource: subscriptionId,
    async run(sight, { call, query, subject: { subscription } }) {
      const vaults = await listDeletedVaults(sight)
      return listedByPage(
        hosts,
        call,
        query,
        vaults.map((vault) => deletedOf(vault, subscription)),
      )
    },
  })
