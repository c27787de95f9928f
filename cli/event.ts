import { resourceId } from '@cardea/contract/cardea/resource-id'
import { type DeadLetterView, eventSubscriptionName } from '@cardea/contract/management/event-subscriptions'
import { command, data, json } from './command.ts'
import { list } from './listing.ts'
import { shown, when } from './print.ts'
import { type Values, withManagement } from './service.ts'

/** Events that could not be delivered: their two commands, which share what they are given. */
const subscription = { says: 'the event subscription', shape: eventSubscriptionName } as const
const resource = {
  type: 'string',
  value: 'ID',
  says: 'the resource id that it listens to (default everything, as the receiver of the settings does)',
  shape: resourceId,
} as const
const version = 'api-version=2022-06-15'
const pathOf = (name: string, resource = '/'): string =>
  `${resource === '/' ? '' : resource.replace(/\/$/, '')}/providers/Microsoft.EventGrid/eventSubscriptions/${name}`

export const eventDead = command({
  name: 'event dead',
  says: 'Lists the events that could not be delivered to a subscription, and why.',
  takes: { name: subscription },
  options: { resource, data, json },
  examples: ['cardea event dead cardea-events-url'],
  async run({ name, resource, data, json }, world) {
    return withManagement(world, { data }, async (management) => {
      const path = `${pathOf(name, resource)}/deadLetters?${version}`
      const letters = (await management.ask<Values<DeadLetterView>>('GET', path)).body.value
      return list(world, letters, {
        json,
        heads: ['EVENT', 'TYPE', 'ABOUT', 'FROM', 'TRIES', 'WHY'],
        none: ['Everything was delivered.'],
        row: ({ event, deadLetterReason, deliveryAttempts, lastDeliveryOutcome, publishTime }, paint) => [
          shown(String(event.id)),
          shown(String(event.type)),
          paint.name(shown(String(event.subject))),
          when(Math.floor(Date.parse(publishTime) / 1000), world.now()),
          `${deliveryAttempts}`,
          paint.bad(shown(lastDeliveryOutcome ?? deadLetterReason)),
        ],
      })
    })
  },
})

export const eventReplay = command({
  name: 'event replay',
  says: 'Sends events again that could not be delivered to a subscription: all, or those that are named.',
  takes: { name: subscription },
  options: {
    resource,
    event: { type: 'string', value: 'ID', multiple: true, says: 'only this event; again for another' },
    data,
    json,
  },
  examples: ['cardea event replay cardea-events-url'],
  async run({ name, resource, event, data, json }, world) {
    return withManagement(world, { data }, async (management) => {
      const body = event.length === 0 ? {} : { ids: event }
      const answer = await management.ask('POST', `${pathOf(name, resource)}/replayDeadLetters?${version}`, body)
      const { replayed } = answer.body
      world.print(
        json ? JSON.stringify({ replayed }) : `${replayed} event${replayed === 1 ? '' : 's'} will be sent again`,
      )
      return 0
    })
  },
})
