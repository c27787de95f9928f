import { Cron } from 'croner'
import type { Instant } from '#base/clock.ts'

/** What a pattern in a time zone has last been asked, and answered: many secrets share one. */
type Known = { readonly cron: Cron; from: Instant; next: Instant | undefined }
const known = new Map<string, Known>()
const knownMax = 1_000

/** The first time after `at` that a cron expression of five fields names; undefined if it never comes. */
export function cronAfter(pattern: string, timeZone: string, at: Instant): Instant | undefined {
  const key = `${timeZone} ${pattern}`
  const entry = known.get(key) ?? { cron: cronOf(pattern, timeZone), from: Infinity, next: undefined }
  if (at < entry.from || at >= (entry.next ?? Infinity)) {
    entry.next = entry.cron.nextRun(new Date(at))?.getTime()
    entry.from = at
    if (known.size >= knownMax) known.clear()
    known.set(key, entry)
  }
  return entry.next
}

/** What is wrong with an expression, if anything is. */
export function wrongInCron(pattern: string, timeZone: string): string | undefined {
  try {
    cronOf(pattern, timeZone)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : 'it can’t be read'
  }
}

/** It never runs by itself: it has nothing to run, and only tells times. */
const cronOf = (pattern: string, timeZone: string): Cron => new Cron(pattern, { timezone: timeZone, mode: '5-part' })
