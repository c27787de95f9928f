import { list, nullable, optional, record, type Shape, ShapeError, text, whole } from '../shape.ts'

/** When rotations may begin: the clock of a place, its maintenance windows, and the days on which nothing is touched. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof weekdays)[number]

/** From one time of the local day to another; past midnight where the second isn't later. */
export type Window = { readonly days: readonly Weekday[]; readonly from: string; readonly to: string }

/** Local dates, of which the last one belongs to it, or local times, of which the last one doesn't. */
export type Blackout = { readonly from: string; readonly to: string }

export type RotationSchedule = {
  /** Begins so long before the version expires. */
  readonly beforeExpirySeconds: number | null
  /** How long each new version lives; null: as long as the one before was meant to. */
  readonly validitySeconds: number | null
  /** Five fields, read by the clock of the time zone. */
  readonly cron: string | null
  readonly timeZone: string
  /** None: at any time. */
  readonly windows: readonly Window[]
  readonly blackouts: readonly Blackout[]
  /** Up to so much of chance, the same for each secret, is taken off intervals and added to cron times and openings. */
  readonly jitterSeconds: number | null
}

const yearSeconds = 366 * 86_400
const clockTime = text({ pattern: /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, wanted: 'a time of the day such as 02:30' })

const days: Shape<readonly Weekday[]> = {
  read(value, where) {
    if (value === undefined || value === null) return weekdays
    const given = list(text(), { maxItems: 7 }).read(value, where)
    const known = weekdays.filter((day) => given.includes(day))
    if (known.length === 0 || known.length < new Set(given).size) {
      throw new ShapeError(where, `days of ${weekdays.join(', ')}`)
    }
    return known
  },
}

const windowMembers = record({ days, from: clockTime, to: clockTime })
const window: Shape<Window> = {
  read(value, where) {
    const given = windowMembers.read(value, where)
    if (given.from === given.to || given.from === '24:00') {
      throw new ShapeError(where, 'a window with a beginning and another end; 00:00 to 24:00 is the whole day')
    }
    return given
  },
}

/** The calendar takes 30 February for 1 March, which nobody meant. */
const localTime: Shape<string> = {
  read(value, where) {
    const given = text({
      pattern: /^\d{4}-\d\d-\d\d(T([01]\d|2[0-3]):[0-5]\d)?$/,
      wanted: 'a date such as 2026-12-20, or a local time such as 2026-12-20T18:00',
    }).read(value, where)
    const [date = ''] = given.split('T')
    const day = new Date(`${date}T00:00:00Z`)
    if (Number.isNaN(day.getTime()) || !day.toISOString().startsWith(date))
      throw new ShapeError(where, 'a day that exists')
    return given
  },
}

const blackoutMembers = record({ from: localTime, to: localTime })
const blackout: Shape<Blackout> = {
  read(value, where) {
    const given = blackoutMembers.read(value, where)
    const ends = given.to.includes('T') ? given.to : `${given.to}T24:00`
    if (ends <= (given.from.includes('T') ? given.from : `${given.from}T00:00`)) {
      throw new ShapeError(where, 'a blackout that ends after it has begun')
    }
    return given
  },
}

const timeZone: Shape<string> = {
  read(value, where) {
    if (value === undefined || value === null) return 'UTC'
    const given = text({ maxCharacters: 64, pattern: /^[A-Za-z][\w+/-]*$/, wanted: 'a time zone' }).read(value, where)
    try {
      return new Intl.DateTimeFormat('en', { timeZone: given }).resolvedOptions().timeZone
    } catch {
      throw new ShapeError(where, 'a time zone such as Europe/Berlin')
    }
  },
}

export const rotationSchedule = record({
  beforeExpirySeconds: nullable(whole(60, 5 * yearSeconds)),
  validitySeconds: nullable(whole(60, 10 * yearSeconds)),
  cron: nullable(text({ maxCharacters: 128, pattern: /^[\w*/,#? -]+$/, wanted: 'a cron expression of five fields' })),
  timeZone,
  windows: optional(list(window, { maxItems: 32 })),
  blackouts: optional(list(blackout, { maxItems: 64 })),
  jitterSeconds: nullable(whole(0, 30 * 86_400)),
})
