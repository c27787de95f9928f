import type { Clock } from '#base/clock.ts'
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
  readonly tenant: string
}
