import type { Instant } from '#base/clock.ts'
import { type CloudEvent, gridEvent } from '#core/subscriptions/cloud-event.ts'
import { member } from '#core/subscriptions/filter.ts'
import { type Destination, type Subscription, secretOf } from '#core/subscriptions/subscription.ts'
import type { Delivery } from '#core/subscriptions/subscriptions.ts'
import { messageHeaders } from './signature.ts'

/** To whom events go: the address, the key that signs them, and headers that were asked for with a secret value. */
export type Receiver = {
  readonly url: string
  readonly key: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** The receiver that a subscription names. */
export const receiverOf = ({ url, key, secretHeaders }: Destination): Receiver => ({ url, key, headers: secretHeaders })

/** What is posted. */
export type Parcel = { readonly headers: Readonly<Record<string, string>>; readonly body: string }

type Sending = { readonly at: Instant; readonly origin: string }

/** Events as their receiver wants them: Event Grid's schema always as a list, CloudEvents one by one or as a batch. */
export function parcelOf(
  subscription: Subscription,
  { key, headers }: Receiver,
  portion: readonly Delivery[],
  { at, origin }: Sending,
): Parcel {
  const { terms, name } = subscription
  const events = portion.map(({ body }) => JSON.parse(body) as CloudEvent)
  const [first, ...more] = events as [CloudEvent, ...CloudEvent[]]
  const grid = terms.schema === 'EventGridSchema'
  const alone = !grid && terms.batchMax === 1 && more.length === 0
  const body = JSON.stringify(grid ? events.map(gridEvent) : alone ? first : events)
  const type = grid ? 'application/json' : `application/cloudevents${alone ? '' : '-batch'}+json`
  return {
    headers: {
      ...customHeaders(subscription, first, headers),
      'content-type': `${type}; charset=utf-8`,
      ...noticeHeaders(name, 'Notification'),
      'aeg-delivery-count': String(Math.max(...portion.map(({ attempt }) => attempt))),
      ...(grid ? { 'aeg-data-version': '1', 'aeg-metadata-version': '1' } : { 'webhook-request-origin': origin }),
      ...messageHeaders(key, first.id, at, body),
    },
    body,
  }
}

/** By what a receiver made for Event Grid tells its messages apart. */
export const noticeHeaders = (name: string, type: 'Notification' | 'SubscriptionValidation') => ({
  'aeg-event-type': type,
  'aeg-subscription-name': name.toUpperCase(),
})

/** The headers that the subscription asks for; what they draw from the event is that of the first. */
function customHeaders(
  { terms }: Subscription,
  event: CloudEvent,
  secret: Receiver['headers'],
): Record<string, string> {
  const found: Record<string, string> = Object.create(null)
  for (const header of terms.headers) {
    const value =
      header.type === 'Dynamic' ? member(event, header.source) : (secretOf(secret, header.name) ?? header.value)
    if (value === undefined || value === null) continue
    // A header is one line of printable ASCII; names here may be anything.
    found[header.name.toLowerCase()] = String(value)
      .replace(/[^\t\x20-\x7e]/g, '?')
      .slice(0, 4096)
  }
  return found
}
