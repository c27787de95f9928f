import { Misuse } from './command.ts'

/** An instant as people and programs write it, with its zone or as a day: in milliseconds since 1970. */
export function timeFrom(option: string, given: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(given)
    ? Date.parse(given)
    : Number.NaN
  if (Number.isNaN(ms))
    throw new Misuse(`${option} must be a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z.`)
  return ms
}
