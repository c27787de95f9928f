import type { Instant } from '#base/clock.ts'
import type { Sql } from '#base/sql.ts'
import { type GivenUp, givenUpSince, type Waiting, waitingCount, waitingSince } from './delivery-rows.ts'

/** How many events wait to be carried out of the house. */
export const eventsWaiting = (sql: Sql): Promise<number> => waitingCount(sql)

/** More than so many late events tell no more than so many do. */
const lateMax = 1_000

/** Events that happened before a time and haven't been delivered, the oldest first. */
export const lateEvents = (sql: Sql, before: Instant): Promise<Waiting[]> => waitingSince(sql, before, lateMax)

/** Events that were given up since a time. */
export const deadEvents = (sql: Sql, since: Instant): Promise<GivenUp[]> => givenUpSince(sql, since, lateMax)
