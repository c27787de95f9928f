import * as contract from '@cardea/contract/management/vaults'
import { recoverVault } from '#core/resources/vault-life.ts'
import { putVault } from '#core/resources/vaults.ts'
import { theVault } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { put } from '../replies.ts'
import { draftFrom, modelFrom, resourceOf, rolesByDefault, type VaultUrl } from './wire.ts'

export default (urls: VaultUrl) =>
  managementRoute(contract.putVault, {
    resource: theVault,
    async run(scope, { body, call, subject }) {
      const id = theVault(call.params, subject)
      const { tenant } = subject
      if (body.properties?.createMode === 'recover') return resourceOf(await recoverVault(scope, id), tenant, urls)
      const model = { ...modelFrom(body, tenant), rolesByDefault: rolesByDefault(call) }
      const { fresh, ...vault } = await putVault(scope, id, draftFrom(body, tenant), model)
      return put(fresh, resourceOf(vault, tenant, urls))
    },
  })
