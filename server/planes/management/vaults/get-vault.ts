import * as contract from '@cardea/contract/management/vaults'
import { getVault } from '#core/resources/vaults.ts'
import { theVault } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { resourceOf, type VaultUrl } from './wire.ts'

export default (urls: VaultUrl) =>
  managementRoute(contract.getVault, {
    resource: theVault,
    async run(sight, { call, subject }) {
      return resourceOf(await getVault(sight, theVault(call.params, subject)), subject.tenant, urls)
    },
  })
