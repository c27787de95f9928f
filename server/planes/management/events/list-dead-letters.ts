import type { DeadLetterView } from '@cardea/contract/management/event-subscriptions'
import * as contract from '@cardea/contract/management/event-subscriptions'
import type { Instant } from '#base/clock.ts'
import { listDeadLetters } from '#core/resources/dead-letters.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { addressIn, subscriptionAsked } from './address.ts'

const moment = (at: Instant): string => new Date(at).toISOString()

export default () =>
  managementRoute(contract.listDeadLetters, {
    resource: subscriptionAsked,
    async run(sight, { call, subject }) {
      const letters = await listDeadLetters(sight, addressIn(call, subject))
      return listed(
        letters.map(
          ({ reason, attempt, outcome, published, attempted, body }): DeadLetterView => ({
            deadLetterReason: reason,
            deliveryAttempts: attempt,
            lastDeliveryOutcome: outcome ?? null,
            publishTime: moment(published),
            lastDeliveryAttemptTime: attempted === undefined ? null : moment(attempted),
            event: JSON.parse(body) as DeadLetterView['event'],
          }),
        ),
      )
    },
  })
