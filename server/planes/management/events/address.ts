import { scopeIn } from '@cardea/contract/operation'
import type { Address } from '#core/resources/event-subscriptions.ts'
import { subscriptionId } from '#core/subscriptions/subscriptions.ts'
import type { Call } from '../../plane.ts'
import type { Tenancy } from '../../tenancy.ts'

/** The resource id of the event subscription that a path is about. */
export const subscriptionAsked = (params: Call['params']): string =>
  subscriptionId({ scope: scopeIn(params), name: params.eventSubscription ?? '' })

/** Where it is, in our words. */
export const addressIn = ({ params }: Call, { subscription }: Tenancy): Address => ({
  place: params,
  ours: subscription,
  name: params.eventSubscription ?? '',
})
