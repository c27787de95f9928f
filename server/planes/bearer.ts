import { Fault } from '#base/fault.ts'
import type { Call } from './plane.ts'

/** The bearer token of a request (RFC 6750 2.1). Throws `unauthenticated` with `missing` as its words when there is none. */
export function bearer({ headers }: Call, missing: string): string {
  const given = headers.authorization
  if (typeof given !== 'string' || given.length < 8 || given.slice(0, 7).toLowerCase() !== 'bearer ') {
    throw new Fault('unauthenticated', missing)
  }
  return given.slice(7).trim()
}

/** Whether a token's audience is this service, whatever port and slashes follow its name: clients differ in them. */
export const audienceIs =
  (...urls: readonly string[]) =>
  (given: string): boolean =>
    // Longer than any of ours; and a long row of slashes would be looked at from each of them.
    given.length <= 512 &&
    urls.includes(
      given
        .toLowerCase()
        .replace(/\/+$/, '')
        .replace(/:\d{1,5}$/, ''),
    )
