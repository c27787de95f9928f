import * as contract from '@cardea/contract/management/resources'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { operationsOf } from './catalogue.ts'

export default () =>
  managementRoute(contract.listProviderOperations, {
    resource: subscriptionId,
    async run(_sight, { params }) {
      return listed(operationsOf(params.namespace))
    },
  })
