import type { Clock } from '#base/clock.ts'
import type { IssuerBook } from '#core/identity/issuers.ts'
import type { TokenBook } from '#core/identity/tokens.ts'
import type { Base } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'

/** What the identity plane works with. */
export type IdentityServices = {
  readonly base: Base
  readonly keyring: Keyring
  readonly tokens: TokenBook
  readonly clock: Clock
  readonly loginUrl: string
  /** The directory's address: what a person's token is for where nothing else is named. */
  readonly graphUrl: string
  readonly tenant: string
  /** Other issuers that are believed. */
  readonly issuers: IssuerBook
}
