import { randomBytes, randomUUID } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import { refusalOf } from '#base/egress.ts'
import { Fault } from '#base/fault.ts'
import { isWithin } from '#base/scope.ts'
import type { Sql } from '#base/sql.ts'
import { directoryKey } from '#core/identity/directory.ts'
import { refuseLocked } from '#core/locks/locks.ts'
import type { Scope, Sight } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'
import type { Filter } from '#core/subscriptions/filter.ts'
import {
  type Destination,
  type Schema,
  type ShownHeader,
  type Subscription,
  secretOf,
  type Terms,
} from '#core/subscriptions/subscription.ts'
import {
  dropSubscription,
  keepSubscription,
  subscriptionId,
  subscriptionNamed,
  subscriptionsIn,
} from '#core/subscriptions/subscriptions.ts'
import { canonicalPlace, type Place } from './places.ts'

/** Where a subscription is, as somebody spelled it. */
export type Address = { readonly place: Place; readonly ours: string; readonly name: string }

/** What somebody says of a subscription; what they don't say stays as it is, or as it usually is. */
export type SubscriptionDraft = {
  readonly url?: string | undefined
  readonly headers?: readonly HeaderDraft[] | undefined
  readonly schema?: Schema | undefined
  readonly filter?: Filter | undefined
  readonly labels?: readonly string[] | undefined
  readonly attemptsMax?: number | undefined
  readonly liveMinutes?: number | undefined
  readonly batchMax?: number | undefined
  readonly batchKilobytes?: number | undefined
  /** Null: it lasts until somebody takes it away. */
  readonly expires?: Instant | null | undefined
}
/** Whether addresses of subscriptions may lie in private networks. */
type Reach = { readonly allowPrivate: boolean }

/** A secret one without a value keeps the one that it has. */
export type HeaderDraft = ShownHeader

const noSuch = (name: string): Fault =>
  new Fault('not-found', `Event subscription doesn't exist: ${name}.`, { arm: 'ResourceNotFound' })

async function scopeOf(sql: Sql, { place, ours }: Address): Promise<string> {
  const scope = await canonicalPlace(sql, ours, place)
  if (scope === undefined) {
    throw new Fault('not-found', 'The resource that is to be listened to was not found.', { arm: 'ResourceNotFound' })
  }
  refuseEverywhere(scope)
  return scope
}

/** What happens everywhere is told to the receiver that the operator names in the settings, and to nobody else. */
function refuseEverywhere(scope: string): void {
  if (scope === '/')
    throw new Fault('invalid', 'Event subscriptions are made at a resource, a group or a subscription.')
}

/** The subscription of this name at this place, if there is one; also where the place has another spelling. */
async function subscriptionAt(sql: Sql, { place, ours, name }: Address): Promise<Subscription | undefined> {
  const scope = await canonicalPlace(sql, ours, place)
  return scope === undefined ? undefined : subscriptionNamed(sql, { scope, name })
}

/** The subscription of this name at this place. Throws when there is none. */
export async function foundSubscription(sql: Sql, address: Address): Promise<Subscription> {
  const subscription = await subscriptionAt(sql, address)
  if (subscription === undefined) throw noSuch(address.name)
  return subscription
}

const plain: Omit<Terms, 'baseUrl'> = {
  schema: 'EventGridSchema',
  filter: { types: 'azure', begins: '', ends: '', caseMatters: false, advanced: [] },
  labels: [],
  attemptsMax: 30,
  liveMinutes: 1440,
  batchMax: 1,
  batchKilobytes: 64,
  expires: undefined,
  inOrder: false,
  headers: [],
}

/** At one resource there are at most so many, as in Event Grid. */
const subscriptionsMax = 500

/** Makes a subscription, or makes it anew: then its address has to say again that it wants events. */
export async function putEventSubscription(
  scope: Scope<'event-subscriptions/write'>,
  reach: Reach,
  address: Address,
  draft: SubscriptionDraft,
): Promise<Subscription> {
  const { sql } = scope
  const at = await scopeOf(sql, address)
  const before = await subscriptionNamed(sql, { scope: at, name: address.name })
  if (draft.url === undefined) {
    throw new Fault('invalid', 'properties.destination.properties.endpointUrl is missing.', { where: 'destination' })
  }
  if (before === undefined) {
    const here = (await subscriptionsIn(sql)).filter((one) => one.scope === at)
    if (here.length >= subscriptionsMax)
      throw new Fault(
        'invalid',
        `There are ${subscriptionsMax} event subscriptions at this resource, which is the most.`,
      )
  }
  return keep(scope, reach, { scope: at, name: before?.name ?? address.name }, before, plain, draft)
}

/** Changes what is named of a subscription. Its address is asked again only if it is another, or is told otherwise. */
export async function patchEventSubscription(
  scope: Scope<'event-subscriptions/write'>,
  reach: Reach,
  address: Address,
  draft: SubscriptionDraft,
): Promise<Subscription> {
  const before = await foundSubscription(scope.sql, address)
  refuseEverywhere(before.scope)
  return keep(scope, reach, before, before, before.terms, draft)
}

async function keep(
  { sql, turn, at, keyring }: Scope<'event-subscriptions/write'>,
  reach: Reach,
  { scope, name }: Pick<Subscription, 'scope' | 'name'>,
  before: Subscription | undefined,
  base: Omit<Terms, 'baseUrl'>,
  draft: SubscriptionDraft,
): Promise<Subscription> {
  await refuseLocked(sql, subscriptionId({ scope, name }), 'write')
  const kept = before && (await openDestination(sql, keyring, before))
  const refusal = draft.url === undefined ? undefined : refusalOf(draft.url, reach)
  if (refusal !== undefined) {
    const where = 'destination.properties.endpointUrl'
    throw new Fault('invalid', `${where} must be ${refusal}.`, { where })
  }
  const url = draft.url ?? kept?.url ?? ''
  const expires = draft.expires === undefined ? base.expires : (draft.expires ?? undefined)
  if (expires !== undefined && expires <= at)
    throw new Fault('invalid', 'expirationTimeUtc must lie in the future.', { where: 'expirationTimeUtc' })
  const { shown, secret } = headersFrom(draft.headers ?? base.headers, kept?.secretHeaders ?? {})
  const terms: Terms = {
    schema: draft.schema ?? base.schema,
    filter: draft.filter ?? base.filter,
    labels: draft.labels ?? base.labels,
    attemptsMax: draft.attemptsMax ?? base.attemptsMax,
    liveMinutes: draft.liveMinutes ?? base.liveMinutes,
    batchMax: draft.batchMax ?? base.batchMax,
    batchKilobytes: draft.batchKilobytes ?? base.batchKilobytes,
    expires,
    inOrder: false,
    baseUrl: baseOf(url),
    headers: shown,
  }
  // A PUT begins from what is usual, a PATCH from what is.
  const asks = before === undefined || base === plain || url !== kept?.url || terms.schema !== before.terms.schema
  const id = before?.id ?? randomUUID()
  const destination: Destination = {
    url,
    key: kept?.key ?? randomBytes(32).toString('base64'),
    code: asks ? randomUUID() : (kept?.code ?? ''),
    token: asks ? randomBytes(32).toString('base64url') : (kept?.token ?? ''),
    secretHeaders: secret,
  }
  const next: Subscription = {
    ...{ id, scope, name, terms },
    state: !asks ? before.state : before?.proven ? 'Updating' : 'Creating',
    trouble: asks ? undefined : before.trouble,
    proven: before?.proven ?? false,
    sealed: await keyring.seal(sql, directoryKey, JSON.stringify(destination), placeOf({ id, scope })),
    answerUntil: asks ? undefined : before.answerUntil,
    created: before?.created ?? at,
    updated: at,
  }
  await keepSubscription(turn, next, before)
  return next
}

/** An address without what may be a credential. */
function baseOf(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

/** What may be shown of headers, and the values that are sealed. */
function headersFrom(headers: readonly HeaderDraft[], kept: Readonly<Record<string, string>>) {
  const secret: Record<string, string> = Object.create(null)
  const shown = headers.map((header): ShownHeader => {
    if (header.type === 'Dynamic' || !header.secret) return header
    const value = header.value ?? secretOf(kept, header.name)
    if (value === undefined)
      throw new Fault('invalid', `The header ${header.name} needs a value.`, { where: 'destination' })
    secret[header.name] = value
    return { name: header.name, type: 'Static', secret: true, value: undefined }
  })
  return { shown, secret }
}

/** Sealed to its row and to the resource that it listens to: moved elsewhere by hand, it opens no more. */
const placeOf = ({ id, scope }: Pick<Subscription, 'id' | 'scope'>): string =>
  `event-subscription/${id}${scope.toLowerCase()}`

/** The address of a subscription and what goes with it; undefined for the receiver that the settings name. */
export async function openDestination(
  sql: Sql,
  keyring: Keyring,
  { id, scope, sealed }: Subscription,
): Promise<Destination | undefined> {
  if (sealed === undefined) return undefined
  return JSON.parse(await keyring.unseal(sql, directoryKey, sealed, placeOf({ id, scope }))) as Destination
}

/** A subscription with what may be shown of it. */
export const getEventSubscription = (
  { sql }: Sight<'event-subscriptions/read'>,
  address: Address,
): Promise<Subscription> => foundSubscription(sql, address)

/** The subscriptions at a place and below it, as far as the caller may read them. */
export async function listEventSubscriptions(
  { sql, permit }: Sight<'event-subscriptions/read'>,
  { place, ours }: Omit<Address, 'name'>,
): Promise<Subscription[]> {
  const scope = await canonicalPlace(sql, ours, place)
  if (scope === undefined) return []
  return (await subscriptionsIn(sql)).filter(
    (one) => isWithin(scope, one.scope) && permit.allows('event-subscriptions/read', subscriptionId(one)),
  )
}

/** Takes a subscription away with all that waits for it; false when there was none. */
export async function deleteEventSubscription(
  { sql, turn }: Scope<'event-subscriptions/delete'>,
  address: Address,
): Promise<boolean> {
  const subscription = await subscriptionAt(sql, address)
  if (subscription?.sealed === undefined) return false
  await refuseLocked(sql, subscriptionId(subscription), 'delete')
  await dropSubscription(turn, subscription.id)
  return true
}

type Opening = 'event-subscriptions/get-full-url' | 'event-subscriptions/get-delivery-attributes'
/** A subscription with its address, key and headers. */
export async function openEventSubscription(
  { sql, keyring }: Sight<Opening>,
  address: Address,
): Promise<{ readonly subscription: Subscription; readonly destination: Destination }> {
  const subscription = await foundSubscription(sql, address)
  const destination = await openDestination(sql, keyring, subscription)
  if (destination === undefined) throw noSuch(address.name)
  return { subscription, destination }
}
