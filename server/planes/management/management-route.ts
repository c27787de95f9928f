import type { Action } from '@cardea/contract/actions'
import type { Effect, Operation } from '@cardea/contract/operation'
import { Fault } from '#base/fault.ts'
import { type Route, route } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'

type Handler<A extends Action, P, Q, B, E extends Effect> = Parameters<typeof route<A, P, Q, B, E, Tenancy>>[1]

/** A route of Resource Manager. One that names another subscription than ours finds nothing. */
export const managementRoute = <A extends Action, P, Q, B, E extends Effect>(
  operation: Operation<A, P, Q, B, E>,
  handler: Handler<A, P, Q, B, E>,
): Route<Tenancy> =>
  route<A, P, Q, B, E, Tenancy>(operation, {
    ...handler,
    async run(scope, given) {
      const named = given.call.params.subscription
      if (named !== undefined && named.toLowerCase() !== given.subject.subscription) {
        throw new Fault('not-found', `The subscription '${named.slice(0, 64)}' could not be found.`, {
          arm: 'SubscriptionNotFound',
        })
      }
      return handler.run(scope, given)
    },
  })
