import { instant } from '../instant.ts'
import { operation } from '../operation.ts'
import { anything, flag, list, nothing, nullable, optional, type Read, record, text, whole } from '../shape.ts'
import { first, none, word } from './shapes.ts'

/** Event subscriptions on anything: who outside is told of what happens there (Event Grid's, as far as it posts to a web hook). */
const collection = '/providers/Microsoft.EventGrid/eventSubscriptions'
const path = `${collection}/:eventSubscription`

export const eventSubscriptionName = text({
  pattern: /^[A-Za-z0-9-]{3,64}$/,
  wanted: '3 to 64 letters, digits or hyphens',
})
const params = record({ eventSubscription: eventSubscriptionName })

const header = record({
  // The names of headers (RFC 9110 5.6.2); which of them are ours to set is said where it is decided.
  name: text({ pattern: /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/, wanted: 'the name of a header' }),
  type: word('Static', 'Dynamic'),
  properties: record({
    value: optional(text({ maxBytes: 4096, pattern: /^[\t\x20-\x7e]*$/, wanted: 'printable ASCII' })),
    isSecret: optional(flag),
    sourceField: optional(text({ maxCharacters: 256 })),
  }),
})
export type HeaderGiven = Read<typeof header>

const destination = record({
  endpointType: word(
    ...[
      'WebHook',
      'AzureFunction',
      'EventHub',
      'StorageQueue',
      'HybridConnection',
      'ServiceBusQueue',
      'ServiceBusTopic',
    ],
  ),
  properties: optional(
    record({
      endpointUrl: optional(text({ maxCharacters: 2048 })),
      maxEventsPerBatch: optional(whole(1, 5000)),
      preferredBatchSizeInKilobytes: optional(whole(1, 1024)),
      azureActiveDirectoryTenantId: optional(text({ maxCharacters: 64 })),
      azureActiveDirectoryApplicationIdOrUri: optional(text({ maxCharacters: 256 })),
      deliveryAttributeMappings: optional(list(header, { maxItems: 10 })),
    }),
  ),
})

const filter = record({
  subjectBeginsWith: optional(text({ maxCharacters: 1024 })),
  subjectEndsWith: optional(text({ maxCharacters: 1024 })),
  includedEventTypes: optional(list(text({ maxCharacters: 128 }), { maxItems: 64 })),
  isSubjectCaseSensitive: optional(flag),
  enableAdvancedFilteringOnArrays: optional(flag),
  advancedFilters: optional(
    list(
      record({
        operatorType: text({ maxCharacters: 64 }),
        key: text({ maxCharacters: 256, pattern: /^[^\s]+$/, wanted: 'the path of a member, as data.ObjectName' }),
        value: anything,
        values: optional(list(anything, { maxItems: 25 })),
      }),
      { maxItems: 25 },
    ),
  ),
})
export type FilterGiven = Read<typeof filter>

const terms = record({
  destination: optional(destination),
  filter: optional(filter),
  labels: optional(list(text({ maxCharacters: 128 }), { maxItems: 64 })),
  eventDeliverySchema: optional(word('EventGridSchema', 'CloudEventSchemaV1_0', 'CustomInputSchema')),
  retryPolicy: optional(
    record({
      maxDeliveryAttempts: optional(whole(1, 30)),
      eventTimeToLiveInMinutes: optional(whole(1, 1440)),
    }),
  ),
  // Null takes it away. Its name says that it is in UTC, so it needs no zone.
  expirationTimeUtc: nullable(instant({ zoneless: true })),
  deadLetterDestination: anything,
  deliveryWithResourceIdentity: anything,
  deadLetterWithResourceIdentity: anything,
})
export type EventSubscriptionTerms = Read<typeof terms>

const shared = { scoped: true, since: first, query: none } as const
const reading = { ...shared, effect: 'read', body: nothing, status: 200 } as const

export const putEventSubscription = operation({
  ...shared,
  id: 'EventSubscriptionPut',
  method: 'PUT',
  path,
  action: 'event-subscriptions/write',
  effect: 'write',
  params,
  body: record({ properties: terms }),
  status: 201,
})

export const patchEventSubscription = operation({
  ...shared,
  id: 'EventSubscriptionPatch',
  method: 'PATCH',
  path,
  action: 'event-subscriptions/write',
  effect: 'write',
  params,
  body: terms,
  status: 201,
})

export const getEventSubscription = operation({
  ...reading,
  id: 'EventSubscriptionGet',
  method: 'GET',
  path,
  action: 'event-subscriptions/read',
  params,
})

export const deleteEventSubscription = operation({
  ...shared,
  id: 'EventSubscriptionDelete',
  method: 'DELETE',
  path,
  action: 'event-subscriptions/delete',
  effect: 'write',
  params,
  body: nothing,
  status: 200,
})

export const listEventSubscriptions = operation({
  ...reading,
  id: 'EventSubscriptionList',
  method: 'GET',
  path: collection,
  action: 'event-subscriptions/read',
  reach: 'within',
  params: none,
})

/** How far making or changing one has come: what Azure's clients ask for until it is done. */
export const getEventSubscriptionProgress = operation({
  ...reading,
  id: 'EventSubscriptionProgressGet',
  method: 'GET',
  path: `${path}/progress`,
  action: 'event-subscriptions/read',
  params,
})

/** The whole address, which may hold a credential, and the key that signs what is sent there. */
export const getEventSubscriptionUrl = operation({
  ...reading,
  id: 'EventSubscriptionFullUrlGet',
  method: 'POST',
  path: `${path}/getFullUrl`,
  action: 'event-subscriptions/get-full-url',
  params,
})

/** The headers that are sent along, with the values of those that are secret. */
export const getDeliveryAttributes = operation({
  ...reading,
  id: 'EventSubscriptionDeliveryAttributesGet',
  method: 'POST',
  path: `${path}/getDeliveryAttributes`,
  action: 'event-subscriptions/get-delivery-attributes',
  params,
})

/** Events that could not be delivered (ours). They name secrets and settings, which a reader of resources may not list. */
export const listDeadLetters = operation({
  ...reading,
  id: 'EventSubscriptionDeadLetterList',
  method: 'GET',
  path: `${path}/deadLetters`,
  action: 'event-subscriptions/read-dead-letters',
  params,
})

/** Has events sent again that could not be delivered (ours): all, or those that are named. */
export const replayDeadLetters = operation({
  ...shared,
  id: 'EventSubscriptionDeadLetterReplay',
  method: 'POST',
  path: `${path}/replayDeadLetters`,
  action: 'event-subscriptions/write',
  effect: 'write',
  params,
  body: optional(record({ ids: optional(list(text({ maxCharacters: 64 }), { maxItems: 1000 })) })),
  status: 200,
})

export type DeadLetterView = {
  readonly deadLetterReason: string
  readonly deliveryAttempts: number
  readonly lastDeliveryOutcome: string | null
  readonly publishTime: string
  readonly lastDeliveryAttemptTime: string | null
  /** The event, as it would have been delivered. */
  readonly event: Readonly<Record<string, unknown>>
}
