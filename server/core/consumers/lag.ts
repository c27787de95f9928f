import { consumerSilentSeconds } from '@cardea/contract/cardea/consumers'
import type { Instant } from '#base/clock.ts'
import type { Sql } from '#base/sql.ts'
import { countLagging } from './lag-rows.ts'

/** How many of those who run now are on another version of a secret than the latest. */
export const laggingConsumers = (sql: Sql, at: Instant): Promise<number> =>
  countLagging(sql, at - consumerSilentSeconds * 1000)
