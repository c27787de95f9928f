import type { Action } from '@cardea/contract/actions'
import type { Effect, Operation } from '@cardea/contract/operation'
import { type Route, route } from '../plane.ts'
import { directoryResource, type Tenancy } from '../tenancy.ts'

type Handler<A extends Action, P, Q, B, E extends Effect, R> = Parameters<typeof route<A, P, Q, B, E, Tenancy, R>>[1]

/**
 * A route of Microsoft Graph, whose subject is the tenant. What it is about is the path below the version, so that a role
 * may be assigned for one object alone.
 */
export const directoryRoute = <A extends Action, P, Q, B, E extends Effect>(
  operation: Operation<A, P, Q, B, E>,
  run: Handler<A, P, Q, B, E, undefined>['run'],
): Route<Tenancy> =>
  route<A, P, Q, B, E, Tenancy>(operation, { resource: (params) => resourceOf(operation.path, params), run })

/** The same, with something that is prepared before the act. */
export const preparedRoute = <A extends Action, P, Q, B, E extends Effect, R>(
  operation: Operation<A, P, Q, B, E>,
  prepare: (body: B) => Promise<R>,
  run: Handler<A, P, Q, B, E, R>['run'],
): Route<Tenancy> =>
  route<A, P, Q, B, E, Tenancy, R>(operation, {
    resource: (params) => resourceOf(operation.path, params),
    prepare: ({ body }) => prepare(body),
    run,
  })

function resourceOf(path: string, params: Readonly<Record<string, string | undefined>>): string {
  const [, , collection = '', key] = path.split('/')
  return key === ':id' ? `${directoryResource}/${collection}/${params.id}` : `${directoryResource}/${collection}`
}
