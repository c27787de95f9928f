import * as contract from '@cardea/contract/management/event-subscriptions'
import { deleteEventSubscription } from '#core/resources/event-subscriptions.ts'
import { managementRoute } from '../management-route.ts'
import { deleted } from '../replies.ts'
import { addressIn, subscriptionAsked } from './address.ts'

export default () =>
  managementRoute(contract.deleteEventSubscription, {
    resource: subscriptionAsked,
    async run(scope, { call, subject }) {
      return deleted(await deleteEventSubscription(scope, addressIn(call, subject)))
    },
  })
