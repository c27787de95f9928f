import type { Action } from '@cardea/contract/actions'
import type { Effect, Operation } from '@cardea/contract/operation'
import { type Route, route } from '../plane.ts'
import type { Tenancy } from '../tenancy.ts'

/** A route of Microsoft Graph, whose subject is the tenant. */
export const directoryRoute = <A extends Action, P, Q, B, E extends Effect>(
  operation: Operation<A, P, Q, B, E>,
  handler: Parameters<typeof route<A, P, Q, B, E, Tenancy>>[1],
): Route<Tenancy> => route<A, P, Q, B, E, Tenancy>(operation, handler)
