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
  /** Segments; `:name` is a parameter, a trailing `?` makes it optional, `*` at the end takes all that follows. */
  readonly path: string
  /** The first api-version that has it; `always` for what isn't versioned. */
  readonly since: string
  readonly action: A
  readonly reach?: Reach
  readonly effect: E
  readonly params: Shape<Params>
  readonly query: Shape<Query>
  readonly body: Shape<Body>
  readonly status: number
}

export const operation = <const A extends Action, P, Q, B, const E extends Effect>(
  declared: Operation<A, P, Q, B, E>,
): Operation<A, P, Q, B, E> => declared
