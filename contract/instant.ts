import { type Shape, ShapeError } from './shape.ts'

/** Points in time as ISO 8601 spells them (RFC 3339), within the years 1 to 9999; in milliseconds since 1970. */

export type InstantRule = {
  /** Whether a day alone is one: as it begins in UTC. */
  readonly day?: true
  /** Whether a time without a zone is one: in UTC, wherever the server stands. */
  readonly zoneless?: true
}

const form = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/
const [firstInstant, lastInstant] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')]

/** The instant that a text spells; undefined where it spells none. */
export function instantIn(text: string, { day: dayAlone, zoneless }: InstantRule = {}): number | undefined {
  const [, day, time, zone] = form.exec(text.toUpperCase()) ?? []
  if (day === undefined || !isDay(day)) return undefined
  if (time === undefined) return dayAlone && inReach(Date.parse(day))
  return zone === undefined && !zoneless ? undefined : inReach(Date.parse(`${day}T${time}${zone ?? 'Z'}`))
}

/** `Date` takes 30 February for the 2nd of March. */
function isDay(day: string): boolean {
  const at = Date.parse(day)
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day)
}

const inReach = (at: number): number | undefined => (at >= firstInstant && at <= lastInstant ? at : undefined)

/** A point in time with its zone, or as far as the rule lets it be without. */
export const instant = (rule: InstantRule = {}): Shape<number> => ({
  read(value, where) {
    const at = typeof value === 'string' ? instantIn(value, rule) : undefined
    if (at !== undefined) return at
    throw new ShapeError(where, `a time such as 2030-01-31T12:00:00Z${rule.day ? ', or a day' : ''}`)
  },
})
