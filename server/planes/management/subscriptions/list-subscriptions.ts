import * as contract from '@cardea/contract/management/subscriptions'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { subscriptionOf } from './wire.ts'

export default () =>
  managementRoute(contract.listSubscriptions, {
    resource: subscriptionId,
    async run(_scope, { subject }) {
      return listed([subscriptionOf(subject)])
    },
  })
