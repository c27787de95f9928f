import * as contract from '@cardea/contract/management/vaults'
import { theGroup } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'

export default () =>
  managementRoute(contract.listGroupManagedHsms, {
    resource: theGroup,
    async run() {
      return listed([])
    },
  })
