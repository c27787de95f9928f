import { type Blackout, type Weekday, type Window, weekdays } from '@cardea/contract/cardea/schedule'
import type { Instant } from '#base/clock.ts'

/** The times in which rotations may begin, by the clock of one place. */
export type Calendar = {
  readonly timeZone: string
  /** None: at any time that isn't blacked out. */
  readonly windows: readonly Window[]
  readonly blackouts: readonly Blackout[]
}
export type Opening = { readonly opens: Instant; readonly closes: Instant }

/** A calendar that is always open. */
export const always: Calendar = { timeZone: 'UTC', windows: [], blackouts: [] }

/** A weekly window can fall into the hour that summer time takes away; two weeks show the next one all the same. */
const daysAhead = 15
/** What is shut for longer than the longest interval is shut for good. */
const neverMs = 5 * 366 * 86_400_000

/** The opening that holds `at`, or else the next one; undefined if there never is one. */
export function openingFrom(calendar: Calendar, at: Instant): Opening | undefined {
  const dark = calendar.blackouts.map((blackout) => darkIn(blackout, calendar.timeZone))
  for (let from = at; ; ) {
    const window = windowFrom(calendar, from)
    if (window === undefined) return undefined
    const opens = Math.max(window.opens, from)
    const over = dark.find((one) => one.opens <= opens && opens < one.closes)
    if (over === undefined) {
      return {
        opens,
        closes: Math.min(window.closes, ...dark.map((one) => one.opens).filter((begins) => begins > opens)),
      }
    }
    from = over.closes
    if (from > at + neverMs) return undefined
  }
}

/** Whether a rotation may begin now. */
export const isOpenAt = (calendar: Calendar, at: Instant): boolean =>
  (openingFrom(calendar, at)?.opens ?? Infinity) <= at

function windowFrom({ windows, timeZone }: Calendar, at: Instant): Opening | undefined {
  if (windows.length === 0) return { opens: at, closes: Number.POSITIVE_INFINITY }
  // Yesterday's window may go on past midnight.
  let day = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate().subtract({ days: 1 })
  let today = clockOf(day, timeZone)
  for (let ahead = 0; ahead < daysAhead; ahead += 1) {
    const name = weekdays[day.dayOfWeek - 1] as Weekday
    day = day.add({ days: 1 })
    const tomorrow = clockOf(day, timeZone)
    const found = windows
      .filter(({ days }) => days.includes(name))
      .map(({ from, to }) => ({ opens: today(from), closes: (to <= from ? tomorrow : today)(to) }))
      .filter(({ opens, closes }) => opens < closes && at < closes)
      .sort((one, other) => one.opens - other.opens)[0]
    if (found !== undefined) return found
    today = tomorrow
  }
  return undefined
}

/** Many secrets keep to the same blackouts, and a plan asks for them again with each rotation. */
const known = new Map<string, Opening>()
const knownMax = 10_000

function darkIn({ from, to }: Blackout, timeZone: string): Opening {
  const key = `${timeZone} ${from} ${to}`
  const before = known.get(key)
  if (before !== undefined) return before
  const [first, firstTime = '00:00'] = from.split('T') as [string, string?]
  const [last, lastTime = '24:00'] = to.split('T') as [string, string?]
  const dark = {
    opens: momentOf(Temporal.PlainDate.from(first), firstTime, timeZone),
    closes: momentOf(Temporal.PlainDate.from(last), lastTime, timeZone),
  }
  if (known.size >= knownMax) known.clear()
  known.set(key, dark)
  return dark
}

/** When clocks on the wall show each time of a day: counted from midnight, but on the days that are longer or shorter. */
function clockOf(day: Temporal.PlainDate, timeZone: string): (time: string) => Instant {
  const midnight = day.toZonedDateTime(timeZone)
  if (midnight.hoursInDay !== 24) return (time) => momentOf(day, time, timeZone)
  const begins = midnight.epochMilliseconds
  return (time) => begins + (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) * 60_000
}

/**
 * When a clock on the wall shows a time. Of a time that comes twice, at the end of summer time, the first; one that is
 * left out, at its beginning, is the moment in which the clock is put forward.
 */
function momentOf(day: Temporal.PlainDate, time: string, timeZone: string): Instant {
  const local =
    time === '24:00'
      ? day.add({ days: 1 }).toPlainDateTime('00:00')
      : day.toPlainDateTime(Temporal.PlainTime.from(time))
  const moment = local.toZonedDateTime(timeZone, { disambiguation: 'earlier' })
  const leftOut = !moment.toPlainDateTime().equals(local)
  return (leftOut ? (moment.getTimeZoneTransition('next') ?? moment) : moment).epochMilliseconds
}
