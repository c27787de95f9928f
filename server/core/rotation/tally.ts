import { type RotationState, rotationStates } from '@cardea/contract/cardea/rotations'
import type { Instant } from '#base/clock.ts'
import type { Sql } from '#base/sql.ts'
import { isOpen } from './machine.ts'
import { countOpen, type InGrace, inGraceBefore, type Troubled, troubledSince } from './tally-rows.ts'

export type { Troubled } from './tally-rows.ts'

/** How many rotations are under way, by state; none of a state is nought, not absent. */
export async function rotationsUnderWay(sql: Sql): Promise<ReadonlyMap<RotationState, number>> {
  const counted = await countOpen(sql)
  return new Map(rotationStates.filter(isOpen).map((state) => [state, counted.get(state) ?? 0]))
}

/** Rotations that are blocked, and those that ended in vain since a time. */
export const troubledRotations = (sql: Sql, since: Instant): Promise<Troubled[]> => troubledSince(sql, since)

/** Rotations that have published before a time and wait for those who run on the old version. */
export const rotationsInGrace = (sql: Sql, before: Instant): Promise<InGrace[]> => inGraceBefore(sql, before)
