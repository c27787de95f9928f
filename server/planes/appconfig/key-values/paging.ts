import { createHash } from 'node:crypto'
import { pageSize } from '@cardea/contract/appconfig/key-values'
import type { Address, Setting, Slice } from '#core/configuration/setting.ts'
import type { Call } from '../../plane.ts'

/**
 * App Configuration's paging (reference 2.6): a hundred to a page, and a page that is full names a next one even if
 * nothing follows. So the etags of the pages together tell of every change, growth included.
 */
export const sliceOf = (after: string | undefined): Slice => ({
  after: after === undefined ? undefined : addressIn(after),
  limit: pageSize,
})

export type PageAround = { readonly etag: string; readonly next: string | undefined }

/** The etag of a page, and where the next one is. */
export function around(call: Call, settings: readonly Setting[]): PageAround {
  const last = settings.length === pageSize ? settings.at(-1) : undefined
  const token = last && tokenOf(last)
  const hash = createHash('sha256').update(`kvset\n${settings.map(({ etag }) => etag).join('\n')}\n${token ?? ''}`)
  return { etag: hash.digest('base64url'), next: token && nextTarget(call, token) }
}

/**
 * Path and query of the next page. The JavaScript client reads `after` by taking the whole for a query, so it is never
 * first, and decodes it twice, so it has no character that means something there.
 */
function nextTarget({ query }: Call, after: string): string {
  const names = ['key', 'label', '$select', 'fields'] as const
  const same = names.flatMap((name) => {
    const value = query[name]
    return typeof value === 'string' ? [`${name}=${encodeURIComponent(value)}`] : []
  })
  return `/kv?${[`api-version=${encodeURIComponent(String(query['api-version']))}`, ...same, `after=${after}`].join('&')}`
}

// Neither keys nor labels can hold a line break.
const tokenOf = ({ key, label }: Address): string => Buffer.from(`${key}\n${label ?? ''}`).toString('base64url')

/** The place that a token names; one that isn't ours is passed over, as with the service. */
function addressIn(token: string): Address | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no address holds one
  const found = /^([^\u0000-\u001f\u007f]+)\n([^\u0000-\u001f\u007f]*)$/.exec(
    Buffer.from(token, 'base64url').toString('utf8'),
  )
  return found === null ? undefined : { key: found[1] as string, label: found[2] === '' ? undefined : found[2] }
}
