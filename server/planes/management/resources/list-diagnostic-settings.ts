import * as contract from '@cardea/contract/management/resources'
import { scopeIn } from '@cardea/contract/operation'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'

export default () =>
  managementRoute(contract.listDiagnosticSettings, {
    resource: scopeIn,
    async run() {
      return listed([])
    },
  })
