import type { Instant } from '#base/clock.ts'
import type { Sql } from '#base/sql.ts'
import { type Expiring, expiringUntil } from './expiry-rows.ts'

const expiringMax = 1_000

/** Secrets in use whose latest version expires until a time, or has; the first to expire first. */
export const expiringSecrets = (sql: Sql, until: Instant): Promise<Expiring[]> => expiringUntil(sql, until, expiringMax)
