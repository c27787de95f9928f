import * as contract from '@cardea/contract/management/event-subscriptions'
import { getEventSubscription } from '#core/resources/event-subscriptions.ts'
import { managementRoute } from '../management-route.ts'
import { addressIn, subscriptionAsked } from './address.ts'
import { resourceOf } from './wire.ts'

export default () =>
  managementRoute(contract.getEventSubscription, {
    resource: subscriptionAsked,
    async run(scope, { call, subject }) {
      return resourceOf(await getEventSubscription(scope, addressIn(call, subject)))
    },
  })
