import * as contract from '@cardea/contract/management/vaults'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'

export default () =>
  managementRoute(contract.listManagedHsms, {
    resource: subscriptionId,
    async run() {
      return listed([])
    },
  })
