import type { Action } from './actions.ts'
import type { Shape } from './shape.ts'

/** How far the permission must reach: to exactly the resource, or to anything at, above or below it. */
export type Reach = 'resource' | 'within'

/** Whether it changes anything; what only reads is witnessed, what changes takes a turn of the writer. */
export type Effect = 'read' | 'write'

/**
 * One line of the treaty: what a request looks like, what it is called, which permission it needs, and whether it
 * changes anything. The router, the permission sweep and the documentation read the same line.
 */
export type Operation<
  A extends Action = Action,
  Params = unknown,
  Query = unknown,
  Body = unknown,
  E extends Effect = Effect,
> = {
  readonly id: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** Segments; `:name` is a parameter, a `?` behind it makes it optional, `*` at the end takes all that follows. */
  readonly path: string
  /** Asked below any resource id, and below none: `/providers/Microsoft.Authorization/locks` of a vault, of a group, of all. */
  readonly scoped?: true
  /** The first api-version that has it; `always` for what isn't versioned. */
  readonly since: string
  readonly action: A
  readonly reach?: Reach
  readonly effect: E
  readonly params: Shape<Params>
  readonly query: Shape<Query>
  readonly body: Shape<Body>
  readonly status: number
  /** The largest body that it takes, in bytes, where that is more than its plane's others do. */
  readonly bodyBytesMax?: number
}

/** Declares an operation; its type keeps its action and its effect, which the doors of core ask for. */
export const operation = <const A extends Action, P, Q, B, const E extends Effect>(
  declared: Operation<A, P, Q, B, E>,
): Operation<A, P, Q, B, E> => declared

/**
 * The resource ids that a scoped path may follow, from none (the whole tenant) to an object inside a resource. Names of
 * their parts are the parameters that `scopeIn` reads.
 */
export const scopes = [
  '',
  '/subscriptions/:subscription',
  '/subscriptions/:subscription/resourceGroups/:group',
  '/subscriptions/:subscription/resourceGroups/:group/providers/:namespace/:type/:resource',
  '/subscriptions/:subscription/resourceGroups/:group/providers/:namespace/:type/:resource/:childType/:child',
] as const

/** Routers know parameters that may be missing at the end of a path, and nowhere else. */
const optionalInside = /(\/:\w+)\?(?=\/)/

/** Every path under which an operation is asked. */
export function pathsOf({ path, scoped }: Pick<Operation, 'path' | 'scoped'>): readonly string[] {
  const paths = optionalInside.test(path)
    ? [path.replace(optionalInside, '$1'), path.replace(optionalInside, '')]
    : [path]
  return scoped === undefined ? paths : scopes.flatMap((scope) => paths.map((one) => `${scope}${one}`))
}

/** The resource id that a scoped path was asked below, as it was spelled; `/` for the whole tenant. */
export function scopeIn(params: Readonly<Record<string, string | undefined>>): string {
  const { subscription, group, namespace, type, resource, childType, child } = params
  if (subscription === undefined) return '/'
  const parts = [`/subscriptions/${subscription}`]
  if (group !== undefined) parts.push(`/resourceGroups/${group}`)
  if (namespace !== undefined) parts.push(`/providers/${namespace}/${type}/${resource}`)
  if (childType !== undefined) parts.push(`/${childType}/${child}`)
  return parts.join('')
}
