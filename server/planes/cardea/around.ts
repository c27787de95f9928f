import type { Feeds } from '#core/events/feed.ts'
import type { Base } from '#core/perform.ts'
import type { Times } from '#core/rotation/policy.ts'
import type { Providers } from '#core/rotation/rotation.ts'
import type { VaultBook } from '#core/vaults/vaults.ts'

/** What our own routes need to know of the house around them. */
export type Around = {
  readonly base: Base
  readonly vaults: VaultBook
  readonly feeds: Feeds
  readonly providers: Providers
  readonly times: Times
}
