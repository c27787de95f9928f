import type { EventSubscriptionTerms, FilterGiven, HeaderGiven } from '@cardea/contract/management/event-subscriptions'
import { Fault } from '#base/fault.ts'
import { eventTypes } from '#core/events/event.ts'
import type { HeaderDraft, SubscriptionDraft } from '#core/resources/event-subscriptions.ts'
import { comparesWithOne, conditionsOn, refuseOurs } from '#core/subscriptions/asked-filter.ts'
import type { Filter } from '#core/subscriptions/filter.ts'
import { type Destination, type ShownHeader, type Subscription, secretOf } from '#core/subscriptions/subscription.ts'
import { subscriptionId } from '#core/subscriptions/subscriptions.ts'

const invalid = (where: string, words: string): Fault => new Fault('invalid', `${where} ${words}`, { where })
const given = (value: unknown): boolean => value !== undefined && value !== null

/** Event Grid's words into ours. What we have no way to do is refused, not passed over. */
export function draftFrom(body: EventSubscriptionTerms): SubscriptionDraft {
  if (given(body.deadLetterDestination) || given(body.deadLetterWithResourceIdentity))
    throw invalid(
      'deadLetterDestination',
      'must be left out: what can’t be delivered is kept here and can be replayed.',
    )
  if (given(body.deliveryWithResourceIdentity))
    throw invalid('deliveryWithResourceIdentity', 'is not to be had here; give destination.')
  if (body.eventDeliverySchema === 'CustomInputSchema')
    throw invalid('eventDeliverySchema', 'must be EventGridSchema or CloudEventSchemaV1_0.')
  const { destination } = body
  if (destination !== undefined && destination.endpointType !== 'WebHook')
    throw invalid('destination.endpointType', 'must be WebHook: events are posted to web hooks only.')
  const to = destination?.properties
  if (to?.azureActiveDirectoryTenantId || to?.azureActiveDirectoryApplicationIdOrUri)
    throw invalid('destination.properties', 'must not name an Entra application: deliveries are signed instead.')
  return {
    url: to?.endpointUrl,
    headers: to?.deliveryAttributeMappings?.map(headerFrom),
    schema: body.eventDeliverySchema,
    filter: body.filter && filterFrom(body.filter),
    labels: body.labels,
    attemptsMax: body.retryPolicy?.maxDeliveryAttempts,
    liveMinutes: body.retryPolicy?.eventTimeToLiveInMinutes,
    batchMax: to?.maxEventsPerBatch,
    batchKilobytes: to?.preferredBatchSizeInKilobytes,
    expires: body.expirationTimeUtc,
  }
}

/** Of its value or its source, whichever its type needs. */
function headerFrom({ name, type, properties: { value, isSecret = false, sourceField } }: HeaderGiven): HeaderDraft {
  refuseOurs(name)
  if (type === 'Dynamic') {
    if (sourceField === undefined) throw invalid('destination.properties', `must say the sourceField of ${name}.`)
    return { name, type, source: sourceField }
  }
  if (value === undefined && !isSecret) throw invalid('destination.properties', `must say the value of ${name}.`)
  return { name, type, secret: isSecret, value }
}

const known = [...new Set<string>(Object.values(eventTypes))]

function typesFrom(names: readonly string[]): Filter['types'] {
  if (names.length === 0) return 'azure'
  if (names.some((name) => name.toLowerCase() === 'all')) return 'all'
  return names.map((name) => {
    const found = known.find((one) => one.toLowerCase() === name.toLowerCase())
    if (found === undefined) throw invalid('filter.includedEventTypes', `must be All, or some of ${known.join(', ')}.`)
    return found
  })
}

const filterFrom = ({
  subjectBeginsWith: begins = '',
  subjectEndsWith: ends = '',
  isSubjectCaseSensitive: caseMatters = false,
  includedEventTypes = [],
  advancedFilters = [],
}: FilterGiven): Filter => ({
  ...{ begins, ends, caseMatters },
  types: typesFrom(includedEventTypes),
  advanced: conditionsOn(
    advancedFilters.map(({ operatorType: operator, key, value, values }) => ({
      ...{ operator, key },
      values: values ?? (given(value) ? [value] : []),
    })),
  ),
})

/** An event subscription, as Resource Manager shows it: of its address, what comes before the query. */
export const resourceOf = (subscription: Subscription): object => {
  const { scope, name, state, trouble, terms } = subscription
  const { filter } = terms
  return {
    id: subscriptionId(subscription),
    name,
    type: 'Microsoft.EventGrid/eventSubscriptions',
    properties: {
      topic: scope,
      provisioningState: state,
      ...(trouble !== undefined && { trouble }),
      destination: {
        endpointType: 'WebHook',
        properties: {
          endpointUrl: null,
          endpointBaseUrl: terms.baseUrl ?? null,
          maxEventsPerBatch: terms.batchMax,
          preferredBatchSizeInKilobytes: terms.batchKilobytes,
          azureActiveDirectoryTenantId: null,
          azureActiveDirectoryApplicationIdOrUri: null,
          deliveryAttributeMappings: terms.headers.map((header) => headerOf(header, {})),
        },
      },
      filter: {
        subjectBeginsWith: filter.begins,
        subjectEndsWith: filter.ends,
        isSubjectCaseSensitive: filter.caseMatters,
        includedEventTypes: filter.types === 'azure' ? null : filter.types === 'all' ? ['All'] : filter.types,
        ...(filter.advanced.length > 0 && {
          advancedFilters: filter.advanced.map(({ operator, key, values }) => ({
            operatorType: operator,
            key,
            ...(comparesWithOne(operator) ? { value: values[0] } : !operator.startsWith('Is') && { values }),
          })),
        }),
      },
      labels: terms.labels,
      eventDeliverySchema: terms.schema,
      retryPolicy: { maxDeliveryAttempts: terms.attemptsMax, eventTimeToLiveInMinutes: terms.liveMinutes },
      expirationTimeUtc: terms.expires === undefined ? null : new Date(terms.expires).toISOString(),
      deadLetterDestination: null,
    },
  }
}

/** A header that is sent along; the value of a secret one only where it is given. */
export const headerOf = (header: ShownHeader, secret: Destination['secretHeaders']): object =>
  header.type === 'Dynamic'
    ? { name: header.name, type: 'Dynamic', properties: { sourceField: header.source } }
    : {
        name: header.name,
        type: 'Static',
        properties: { value: secretOf(secret, header.name) ?? header.value ?? null, isSecret: header.secret },
      }
