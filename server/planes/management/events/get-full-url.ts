import * as contract from '@cardea/contract/management/event-subscriptions'
import { openEventSubscription } from '#core/resources/event-subscriptions.ts'
import { managementRoute } from '../management-route.ts'
import { addressIn, subscriptionAsked } from './address.ts'

export default () =>
  managementRoute(contract.getEventSubscriptionUrl, {
    resource: subscriptionAsked,
    async run(scope, { call, subject }) {
      const { destination } = await openEventSubscription(scope, addressIn(call, subject))
      return { endpointUrl: destination.url, signingKey: destination.key }
    },
  })
