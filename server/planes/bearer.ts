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

/** What a 401 asks for (RFC 9110 15.5.2, RFC 6750 3): a token, and of whom. */
export const bearerChallenge = (authority: string): string =>
  `Bearer authorization_uri="${authority}", error="invalid_token"`

/** The service that an audience names, whatever port and slashes follow its name: clients differ in them. */
export const serviceIn = (audience: string): string =>
  // Longer than any of ours; and a long row of slashes would be looked at from each of them.
  audience.length > 512
    ? ''
    : audience
        .toLowerCase()
        .replace(/\/+$/, '')
        .replace(/:\d{1,5}$/, '')

/** Whether a token's audience is this service. */
export const audienceIs =
  (...urls: readonly string[]) =>
  (given: string): boolean =>
    // Most name it as it is, and every request asks.
    urls.includes(given) || urls.includes(serviceIn(given))
