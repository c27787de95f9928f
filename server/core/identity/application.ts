import type { Instant } from '#base/clock.ts'

/**
 * Applications as they are registered. What acts, and is allowed things, is the service principal that stands for one;
 * credentials of the application prove it as its own do.
 */
export type Application = {
  readonly objectId: string
  readonly appId: string
  readonly name: string
  readonly identifierUris: readonly string[]
  /** What else was told of it; kept and given back, without a meaning here. */
  readonly details: Readonly<Record<string, unknown>>
  /** The service principal that stands for it. */
  readonly principal: string | undefined
  readonly created: Instant
}
