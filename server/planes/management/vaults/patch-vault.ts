import * as contract from '@cardea/contract/management/vaults'
import { patchVault } from '#core/resources/vaults.ts'
import { theVault } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { draftFrom, modelFrom, resourceOf, type VaultUrl } from './wire.ts'

export default (urls: VaultUrl) =>
  managementRoute(contract.patchVault, {
    resource: theVault,
    async run(scope, { body, call, subject }) {
      const { tenant } = subject
      const id = theVault(call.params, subject)
      return resourceOf(await patchVault(scope, id, draftFrom(body, tenant), modelFrom(body, tenant)), tenant, urls)
    },
  })
