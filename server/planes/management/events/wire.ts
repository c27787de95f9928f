import type { EventSubscriptionTerms, FilterGiven, HeaderGiven } from '@cardea/contract/management/event-subscriptions'
import { type Egress, refusalOf } from '#base/egress.ts'
import { Fault } from '#base/fault.ts'
import { eventTypes } from '#core/events/event.ts'
import type { HeaderDraft, SubscriptionDraft } from '#core/resources/event-subscriptions.ts'
import { type Advanced, type Filter, operators } from '#core/subscriptions/filter.ts'
import { type Destination, type ShownHeader, type Subscription, secretOf } from '#core/subscriptions/subscription.ts'
import { subscriptionId } from '#core/subscriptions/subscriptions.ts'

type FilterPart = NonNullable<FilterGiven['advancedFilters']>[number]

const invalid = (where: string, words: string): Fault => new Fault('invalid', `${where} ${words}`, { where })
const given = (value: unknown): boolean => value !== undefined && value !== null

/** Event Grid's words into ours. What we have no way to do is refused, not passed over. */
export function draftFrom(body: EventSubscriptionTerms, reach: Pick<Egress, 'allowPrivate'>): SubscriptionDraft {
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
  const url = to?.endpointUrl
  const refusal = url === undefined ? undefined : refusalOf(url, reach)
  if (refusal !== undefined) throw invalid('destination.properties.endpointUrl', `must be ${refusal}.`)
  return {
    url,
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

/** Headers that carry the message itself, or say who sends it. */
const ours = /^(aeg-.*|webhook-.*|host|content-.*|transfer-encoding|connection|expect|upgrade|te|trailer|origin)$/i

function headerFrom({ name, type, properties: { value, isSecret = false, sourceField } }: HeaderGiven): HeaderDraft {
  if (ours.test(name)) throw invalid('destination.properties', `must not set the header ${name}: it is ours to set.`)
  if (type === 'Dynamic') {
    if (sourceField === undefined) throw invalid('destination.properties', `must say the sourceField of ${name}.`)
    return { name, type, source: sourceField }
  }
  if (value === undefined && !isSecret) throw invalid('destination.properties', `must say the value of ${name}.`)
  return { name, type, secret: isSecret, value }
}

const known = new Set(Object.values(eventTypes))
const valuesMax = 25
/** As in Event Grid. Each event is compared with every one of them in the turn in which it happens. */
const valueCharactersMax = 512

function filterFrom(filter: FilterGiven): Filter {
  const {
    subjectBeginsWith: begins = '',
    subjectEndsWith: ends = '',
    isSubjectCaseSensitive: caseMatters = false,
  } = filter
  const advanced = (filter.advancedFilters ?? []).map(advancedFrom)
  if (advanced.reduce((count, { values }) => count + values.length, 0) > valuesMax)
    throw invalid('filter.advancedFilters', `must have at most ${valuesMax} values in all.`)
  return { types: typesFrom(filter.includedEventTypes ?? []), begins, ends, caseMatters, advanced }
}

function typesFrom(types: readonly string[]): Filter['types'] {
  if (types.length === 0) return 'azure'
  if (types.some((type) => type.toLowerCase() === 'all')) return 'all'
  return types.map((type) => {
    const found = [...known].find((one) => one.toLowerCase() === type.toLowerCase())
    if (found === undefined)
      throw invalid('filter.includedEventTypes', `must be All, or some of ${[...known].join(', ')}.`)
    return found
  })
}

/** What compares with one value. */
const single = /^(NumberLess|NumberGreater|Bool)/

function advancedFrom({ operatorType, key, value, values }: FilterPart): Advanced {
  const operator = operators.find((one) => one.toLowerCase() === operatorType.toLowerCase())
  if (operator === undefined) throw invalid('filter.advancedFilters', `must be one of ${operators.join(', ')}.`)
  const all = values ?? (given(value) ? [value] : [])
  if (single.test(operator) && all.length !== 1)
    throw invalid('filter.advancedFilters', `must give ${operator} one value to compare ${key} with.`)
  const wanted = operator.startsWith('String') ? 'string' : operator.startsWith('Bool') ? 'boolean' : 'number'
  const fits = (one: unknown): boolean =>
    operator.endsWith('InRange')
      ? Array.isArray(one) && one.length === 2 && one.every((bound) => typeof bound === 'number')
      : typeof one === wanted
  if (operator.startsWith('Is') ? all.length > 0 : all.length === 0 || !all.every(fits))
    throw invalid('filter.advancedFilters', `has values that ${operator} can’t compare ${key} with.`)
  if (all.some((one) => typeof one === 'string' && one.length > valueCharactersMax))
    throw invalid('filter.advancedFilters', `must have values of at most ${valueCharactersMax} characters.`)
  return { operator, key, values: all }
}

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
            ...(single.test(operator) ? { value: values[0] } : !operator.startsWith('Is') && { values }),
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
