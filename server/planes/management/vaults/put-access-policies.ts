import * as contract from '@cardea/contract/management/vaults'
import { changeAccessPolicies } from '#core/resources/vaults.ts'
import { theVault } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { policyFrom } from './wire.ts'

export default () =>
  managementRoute(contract.putAccessPolicies, {
    resource: theVault,
    async run(scope, { params, body, call, subject }) {
      const id = theVault(call.params, subject)
      const given = body.properties.accessPolicies.map((policy) => policyFrom(policy, subject.tenant))
      const accessPolicies = await changeAccessPolicies(scope, id, params.change, given)
      return {
        id: `${id}/accessPolicies/`,
        type: 'Microsoft.KeyVault/vaults/accessPolicies',
        properties: { accessPolicies },
      }
    },
  })
