import type { Feeds } from '#core/events/feed.ts'
import type { Base } from '#core/perform.ts'
import type { Times } from '#core/rotation/policy.ts'
import type { Providers } from '#core/rotation/rotation.ts'

/** What our own routes need to know of the house around them. */
export type Around = {
  readonly base: Base
  readonly feeds: Feeds
  readonly providers: Providers
  readonly times: Times
}
