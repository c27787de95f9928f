import * as contract from '@cardea/contract/management/event-subscriptions'
import { getEventSubscription } from '#core/resources/event-subscriptions.ts'
import { managementRoute } from '../management-route.ts'
import { addressIn, subscriptionAsked } from './address.ts'
import { progressOf } from './progress.ts'

export default () =>
  managementRoute(contract.getEventSubscriptionProgress, {
    resource: subscriptionAsked,
    async run(scope, { call, subject }) {
      return progressOf(await getEventSubscription(scope, addressIn(call, subject)))
    },
  })
