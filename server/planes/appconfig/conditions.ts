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

type Body = { readonly type: string; readonly json: unknown }

/** An answer that a reader may have already: 304 then, without its body. */
export async function conditionally(
  call: Call,
  etag: string,
  headers: Record<string, string>,
  body: () => Body | Promise<Body>,
): Promise<Reply> {
  const tagged = { ...headers, etag: `"${etag}"` }
  if (isUnchanged(conditionOf(call), etag)) return new Reply(304, tagged)
  const { type, json } = await body()
  return new Reply(200, { 'content-type': type, ...tagged }, JSON.stringify(json))
}
