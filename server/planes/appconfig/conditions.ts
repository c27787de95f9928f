import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { type Condition, isUnchanged } from '#core/configuration/setting.ts'
import { type Call, Reply } from '../plane.ts'

/** What `If-Match` and `If-None-Match` demand. Of several etags only the first counts, as with the service. */
export const conditionOf = ({ headers }: Call): Condition => ({
  match: firstEtag(headers['if-match']),
  noneMatch: firstEtag(headers['if-none-match']),
})

function firstEtag(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const first = /^\s*(?:W\/)?(?:"([^"]*)"|([^",\s]+))/.exec(String(header))
  return first?.[1] ?? first?.[2]
}

/** An answer that a reader may have already: 304 then, without its body. */
export function conditionally(
  call: Call,
  etag: string,
  headers: Record<string, string>,
  body: () => { readonly type: string; readonly json: unknown },
): Reply {
  const tagged = { ...headers, etag: `"${etag}"` }
  if (isUnchanged(conditionOf(call), etag)) return new Reply(304, tagged)
  const { type, json } = body()
  return new Reply(200, { 'content-type': type, ...tagged }, JSON.stringify(json))
}

/** What we don't answer yet is refused: passed over, it would be answered with something else. */
export function refuseUnanswered(
  { headers }: Call,
  query: { readonly tags: unknown; readonly snapshot: unknown },
  at: Instant,
): void {
  if (query.tags !== undefined) throw unanswered('tags', 'Filtering by tags is not supported yet.')
  if (query.snapshot !== undefined) throw unanswered('snapshot', 'Snapshots are not supported yet.')
  const asked = headers['accept-datetime']
  if (asked === undefined) return
  const instant = Date.parse(String(asked))
  if (Number.isNaN(instant)) throw unanswered('Accept-Datetime', 'This is not a date.')
  if (instant < at) throw unanswered('Accept-Datetime', 'Reading the past is not supported yet.')
}

const unanswered = (where: string, words: string): Fault => new Fault('invalid', words, { where })
