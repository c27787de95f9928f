import * as contract from '@cardea/contract/management/vaults'
import { listVaults } from '#core/resources/vaults.ts'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { resourceOf, type VaultUrl } from './wire.ts'

export default (urls: VaultUrl) =>
  managementRoute(contract.listGroupVaults, {
    resource: theGroup,
    async run(sight, { params, subject: { tenant } }) {
      return listed((await listVaults(sight, params.group)).map((vault) => resourceOf(vault, tenant, urls)))
    },
  })
