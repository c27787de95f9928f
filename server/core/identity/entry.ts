import type { Instant } from '#base/clock.ts'
import type { Principal } from './principal.ts'

/** A principal with all that the directory was told of it. */
export type Entry = Principal & {
  /** The name by which a person signs in; compared without case. */
  readonly userPrincipalName: string | undefined
  /** What else was told; kept and given back, without a meaning here. */
  readonly details: Readonly<Record<string, unknown>>
  readonly created: Instant
}

/**
 * What a proof of a principal is made over: all that decides who it is. Names for people to read are not among it, nor
 * is what else was told.
 */
export const wordsOfEntry = ({ objectId, appId, kind, enabled, userPrincipalName }: Entry): string =>
  JSON.stringify(['principal', objectId, appId, kind, enabled, userPrincipalName ?? null])
