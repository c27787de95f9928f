import type { Egress } from '#base/egress.ts'
import type { Hosts } from '../../http/hosts.ts'
import type { Route } from '../../plane.ts'
import type { Tenancy } from '../../tenancy.ts'
import deleteEventSubscription from './delete-event-subscription.ts'
import getDeliveryAttributes from './get-delivery-attributes.ts'
import getEventSubscription from './get-event-subscription.ts'
import getEventSubscriptionProgress from './get-event-subscription-progress.ts'
import getFullUrl from './get-full-url.ts'
import listDeadLetters from './list-dead-letters.ts'
import listEventSubscriptions from './list-event-subscriptions.ts'
import patchEventSubscription from './patch-event-subscription.ts'
import putEventSubscription from './put-event-subscription.ts'
import replayDeadLetters from './replay-dead-letters.ts'

/** Event subscriptions at any resource. */
export const eventRoutes = (hosts: Hosts, reach: Pick<Egress, 'allowPrivate'>): readonly Route<Tenancy>[] => [
  putEventSubscription(hosts, reach),
  patchEventSubscription(hosts, reach),
  getEventSubscription(),
  getEventSubscriptionProgress(),
  deleteEventSubscription(),
  listEventSubscriptions(),
  getFullUrl(),
  getDeliveryAttributes(),
  listDeadLetters(),
  replayDeadLetters(),
]
