import type { RotationState } from '@cardea/contract/cardea/rotations'
import type { Instant } from '#base/clock.ts'
import type { Sql } from '#base/sql.ts'
import { laggingConsumers } from '#core/consumers/lag.ts'
import { rotationsUnderWay } from '#core/rotation/tally.ts'
import { eventsWaiting } from '#core/subscriptions/waiting.ts'

/** How things stand in the house as a whole: counts, and nothing about anybody. */
export type State = {
  readonly rotations: ReadonlyMap<RotationState, number>
  readonly eventsWaiting: number
  readonly consumersLagging: number
}

export const stateOf = async (sql: Sql, at: Instant): Promise<State> => ({
  rotations: await rotationsUnderWay(sql),
  eventsWaiting: await eventsWaiting(sql),
  consumersLagging: await laggingConsumers(sql, at),
})
