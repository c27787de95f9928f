import * as contract from '@cardea/contract/management/subscriptions'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { subscriptionOf } from './wire.ts'

export default () =>
  managementRoute(contract.getSubscription, {
    resource: subscriptionId,
    async run(_scope, { subject }) {
      return subscriptionOf(subject)
    },
  })
