import * as contract from '@cardea/contract/management/event-subscriptions'
import { replayDeadLetters } from '#core/resources/dead-letters.ts'
import { managementRoute } from '../management-route.ts'
import { addressIn, subscriptionAsked } from './address.ts'

export default () =>
  managementRoute(contract.replayDeadLetters, {
    resource: subscriptionAsked,
    async run(scope, { body, call, subject }) {
      return { replayed: await replayDeadLetters(scope, addressIn(call, subject), body?.ids) }
    },
  })
