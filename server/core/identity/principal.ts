import type { Instant } from '#base/clock.ts'

/** The key that hashes credentials, memberships and role assignments, and seals signing keys. */
export const directoryKey = 'directory'

/**
 * Someone who can be allowed things: an application with credentials of its own, a managed identity with none, a person,
 * or a group of them.
 */
export type Principal = {
  readonly objectId: string
  /** The application id by which it is known outside; empty for people and groups. */
  readonly appId: string
  readonly name: string
  readonly kind: 'application' | 'managed-identity' | 'user' | 'group'
  readonly enabled: boolean
}

/** The service principals that are always there, by fixed ids. The workers act under grants like anybody else. */
export const rotationAppId = 'c3b4dea0-0000-4000-8000-00000000a001'
export const machineAppId = 'c3b4dea0-0000-4000-8000-00000000a002'
export const reaperAppId = 'c3b4dea0-0000-4000-8000-00000000a003'

/** What an application proves itself with. */
export type Credential = {
  /** Also what a token says that was made on its word. */
  readonly id: string
  readonly kind: 'password' | 'certificate'
  readonly name: string
  /** A keyed hash of what it proves, for whom and how long: all that is kept of a password. */
  readonly digest: Uint8Array
  readonly certificate: string | undefined
  readonly starts: Instant
  readonly ends: Instant
}

/** Whether a credential holds at a time. */
export const validAt = ({ starts, ends }: Credential, at: Instant): boolean => starts <= at && at < ends
