import { instantIn } from '@cardea/contract/instant'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Moment } from '#core/configuration/setting.ts'
import type { Call } from '../plane.ts'

const now: Moment = { kind: 'now' }

/** Times of settings are said in whole seconds, so a whole second means all of it: what is said to be of that second is there then. */
export const wholeSecondOf = (at: Instant): Instant => (at % 1000 === 0 ? at + 999 : at)

/** The moment that `Accept-Datetime` asks for. */
export function momentOf({ headers }: Pick<Call, 'headers'>, at: Instant): Moment {
  const asked = headers['accept-datetime']
  if (asked === undefined) return now
  const instant = instantOf(String(asked))
  if (instant === undefined) throw new Fault('invalid', 'This is not a date.', { where: 'Accept-Datetime' })
  const end = wholeSecondOf(instant)
  return end < at ? { kind: 'instant', at: Math.max(end, 0) } : now
}

const travels = /^\/+(?:kv|keys|labels|revisions)(?:[/?]|$)/i

/** What an answer about the past says of itself (RFC 7089): the instant, and where the present is. */
export function mementoOf(call: Call, at: Instant): { readonly instant: string; readonly link: string } | undefined {
  const asked = call.headers['accept-datetime']
  if (asked === undefined || (call.method !== 'GET' && call.method !== 'HEAD') || !travels.test(call.target))
    return undefined
  const instant = instantOf(String(asked))
  if (instant === undefined || instant >= at) return undefined
  const link = `<${call.target.replace(/[<>"]/g, encodeURIComponent)}>; rel="original"`
  return { instant: new Date(instant).toUTCString(), link }
}

/** As HTTP writes a date (RFC 9110 5.6.7). */
const httpDate = /^[a-z]{3}, (\d{1,2}) [a-z]{3} \d{4} \d\d:\d\d:\d\d (?:GMT|UTC)$/i

/**
 * A date as HTTP has it, or one of ISO 8601. The Python client writes a space before the time, az may write `UTC` behind it, and
 * neither says a zone where its user said none: that is UTC, as az tells its users.
 */
function instantOf(asked: string): Instant | undefined {
  const [, day] = httpDate.exec(asked) ?? []
  if (day === undefined)
    return instantIn(asked.replace(' ', 'T').replace(/(?:UTC|GMT)$/i, 'Z'), { day: true, zoneless: true })
  const instant = Date.parse(asked)
  // 30 February is read as the 2nd of March.
  return new Date(instant).getUTCDate() === Number(day) ? instant : undefined
}
