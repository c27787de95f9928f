import * as contract from '@cardea/contract/management/event-subscriptions'
import { openEventSubscription } from '#core/resources/event-subscriptions.ts'
import { managementRoute } from '../management-route.ts'
import { addressIn, subscriptionAsked } from './address.ts'
import { headerOf } from './wire.ts'

export default () =>
  managementRoute(contract.getDeliveryAttributes, {
    resource: subscriptionAsked,
    async run(scope, { call, subject }) {
      const { subscription, destination } = await openEventSubscription(scope, addressIn(call, subject))
      return { value: subscription.terms.headers.map((header) => headerOf(header, destination.secretHeaders)) }
    },
  })
