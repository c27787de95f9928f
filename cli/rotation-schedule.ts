import { type RotationSchedule, rotationSchedule, type Window, weekdays } from '@cardea/contract/cardea/schedule'
import { ShapeError } from '@cardea/contract/shape'
import { Misuse } from './command.ts'
import { durationFrom } from './duration.ts'
import { spanOf } from './print.ts'

/** When rotations begin, as options say it and as people read it. */
export const scheduleOptions = {
  cron: { type: 'string', value: 'FIELDS', says: 'instead of an interval: five fields, as "0 3 1 * *"; or none' },
  'before-expiry': {
    type: 'string',
    value: 'TIME',
    says: 'instead of an interval: so long before it expires; or none',
  },
  validity: { type: 'string', value: 'TIME', says: 'how long new versions live; none: as long as the one before' },
  'time-zone': { type: 'string', value: 'ZONE', says: 'whose clock is meant, as Europe/Berlin (default UTC)' },
  window: {
    type: 'string',
    multiple: true,
    value: 'WINDOW',
    says: 'begins only then: "sat,sun 02:00-05:00", or "02:00-05:00" on each day; or none',
  },
  blackout: {
    type: 'string',
    multiple: true,
    value: 'DAYS',
    says: 'never begins then: 2026-12-20..2027-01-06, or with times 2026-12-20T18:00; or none',
  },
  jitter: { type: 'string', value: 'TIME', says: 'how far apart secrets of one schedule are spread; none: as advised' },
} as const

type Given = {
  readonly cron: string | undefined
  readonly 'before-expiry': string | undefined
  readonly validity: string | undefined
  readonly 'time-zone': string | undefined
  readonly window: readonly string[] | undefined
  readonly blackout: readonly string[] | undefined
  readonly jitter: string | undefined
}

/** What the options make of the schedule before; undefined where there is none, and stays none. */
export function scheduleFrom(given: Given, before: RotationSchedule | null, interval: boolean) {
  const said = Object.keys(scheduleOptions).some((name) => {
    const value = given[name as keyof Given]
    return value !== undefined && value.length > 0
  })
  if (!said && before === null) return undefined
  // Whoever names another rhythm means it instead of the one before.
  const other = interval || isSet(given.cron) || isSet(given['before-expiry'])
  const schedule = {
    beforeExpirySeconds: time('before-expiry', given, other ? null : before?.beforeExpirySeconds),
    validitySeconds: time('validity', given, before?.validitySeconds),
    cron: given.cron === undefined ? (other ? null : (before?.cron ?? null)) : isSet(given.cron) ? given.cron : null,
    timeZone: given['time-zone'] ?? before?.timeZone ?? 'UTC',
    windows: several(given.window, windowFrom) ?? before?.windows ?? [],
    blackouts: several(given.blackout, blackoutFrom) ?? before?.blackouts ?? [],
    jitterSeconds: time('jitter', given, before?.jitterSeconds),
  }
  try {
    return rotationSchedule.read(schedule, '')
  } catch (error) {
    if (error instanceof ShapeError) throw new Misuse(`The schedule can't be: ${error.message}.`)
    throw error
  }
}

const isSet = (text: string | undefined): boolean => text !== undefined && text !== 'none'

function time(name: 'before-expiry' | 'validity' | 'jitter', given: Given, before: number | null | undefined) {
  const text = given[name]
  if (text === undefined) return before ?? null
  return text === 'none' ? null : durationFrom(`--${name}`, text)
}

function several<T>(given: readonly string[] | undefined, from: (text: string) => T): T[] | undefined {
  if (given === undefined || given.length === 0) return undefined
  return given.length === 1 && given[0] === 'none' ? [] : given.map(from)
}

function windowFrom(text: string): Window {
  const [, days, from, to] = /^(?:([a-z,]+) )?(\d\d:\d\d)-(\d\d:\d\d)$/i.exec(text.trim()) ?? []
  if (from === undefined || to === undefined) throw new Misuse('--window must be as "sat,sun 02:00-05:00".')
  return { days: (days?.toLowerCase().split(',') ?? weekdays) as Window['days'], from, to }
}

function blackoutFrom(text: string) {
  const [from, to, ...more] = text.split('..')
  if (from === undefined || to === undefined || more.length > 0) {
    throw new Misuse('--blackout must be as 2026-12-20..2027-01-06.')
  }
  return { from, to }
}

/** A schedule in lines under their heads; none where there is none. */
export function scheduleLines(schedule: RotationSchedule | null): [string, string][] {
  if (schedule === null) return []
  const { windows, blackouts, validitySeconds, jitterSeconds, timeZone } = schedule
  return [
    ...windows.map(({ days, from, to }): [string, string] => {
      return ['window', `${days.length === 7 ? 'every day' : days.join(', ')} ${from}–${to} ${timeZone}`]
    }),
    ...blackouts.map(({ from, to }): [string, string] => ['blackout', `${from} to ${to} ${timeZone}`]),
    ...(validitySeconds === null ? [] : [['validity', spanOf(validitySeconds)] satisfies [string, string]]),
    ...(jitterSeconds === null ? [] : [['jitter', spanOf(jitterSeconds)] satisfies [string, string]]),
  ]
}
