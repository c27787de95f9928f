import { Misuse } from './command.ts'
import { durationFrom } from './duration.ts'

/**
 * A moment, in milliseconds since 1970: a day as it begins in UTC, a time (one without an offset by this machine's clock),
 * or how long ago it was, or how far ahead it lies.
 */
export function timeFrom(option: string, text: string, now: number, way: 'ago' | 'ahead'): number {
  const ms = /^\d+[smhdw]$/.test(text)
    ? now + (way === 'ago' ? -1 : 1) * durationFrom(option, text) * 1000
    : timeIn(text)
  if (!Number.isNaN(new Date(ms).getTime())) return ms
  throw new Misuse(
    `${option} must be a date such as 2027-01-31, a time such as 2027-01-31T12:00:00Z, or 2h for two hours ${way === 'ago' ? 'ago' : 'from now'}.`,
  )
}

/** The same as programs are told it. */
export const timestampFrom = (...given: Parameters<typeof timeFrom>): string =>
  new Date(timeFrom(...given)).toISOString()

/** The same in whole seconds. */
export const secondsFrom = (...given: Parameters<typeof timeFrom>): number => Math.floor(timeFrom(...given) / 1000)

function timeIn(text: string): number {
  const found = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text)
  if (found === null) return Number.NaN
  const [, time, offset] = found
  try {
    if (offset !== undefined) return Temporal.Instant.from(text).epochMilliseconds
    const zone = time === undefined ? 'UTC' : Temporal.Now.timeZoneId()
    return Temporal.PlainDateTime.from(text).toZonedDateTime(zone).epochMilliseconds
  } catch {
    // A day that no month has is no time either.
    return Number.NaN
  }
}
