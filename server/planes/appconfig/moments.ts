import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Moment } from '#core/configuration/setting.ts'
import type { Call } from '../plane.ts'

const now: Moment = { kind: 'now' }

/**
 * The moment that `Accept-Datetime` asks for, in either form that clients send. Times of settings are said in whole
 * seconds, so a whole second means all of it: what is said to be of that second is there then.
 */
export function momentOf({ headers }: Pick<Call, 'headers'>, at: Instant): Moment {
  const asked = headers['accept-datetime']
  if (asked === undefined) return now
  const instant = Date.parse(String(asked))
  if (Number.isNaN(instant)) throw new Fault('invalid', 'This is not a date.', { where: 'Accept-Datetime' })
  const end = instant % 1000 === 0 ? instant + 999 : instant
  return end < at ? { kind: 'instant', at: Math.max(end, 0) } : now
}

const travels = /^\/+(?:kv|keys|labels|revisions)(?:[/?]|$)/i

/** What an answer about the past says of itself (RFC 7089): the instant, and where the present is. */
export function mementoOf(call: Call, at: Instant): { readonly instant: string; readonly link: string } | undefined {
  const asked = call.headers['accept-datetime']
  if (asked === undefined || (call.method !== 'GET' && call.method !== 'HEAD') || !travels.test(call.target))
    return undefined
  const instant = Date.parse(String(asked))
  if (Number.isNaN(instant) || instant >= at) return undefined
  const link = `<${call.target.replace(/[<>"]/g, encodeURIComponent)}>; rel="original"`
  return { instant: new Date(instant).toUTCString(), link }
}
