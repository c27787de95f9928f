import { createHash } from 'node:crypto'
import { pageSize } from '@cardea/contract/appconfig/key-values'
import type { Moment } from '#core/configuration/setting.ts'
import type { Call } from '../plane.ts'

/**
 * App Configuration's paging, as in Microsoft's own emulator: a hundred to a page, and a page that is full names a next one even if
 * nothing follows. So the etags of the pages together tell of every change, growth included.
 *
 * The token of a page says after what it begins, and of which moment it tells: that of the first page, so that who pages
 * while others write sees one state. Clients that travel in time don't all repeat the instant with each page.
 */
export type Place = { readonly moment: Moment; readonly after: readonly string[] | undefined }

/** The moment and the place that a request asks for; a token that isn't ours is passed over, as with the service. */
export function placeOf(token: string | undefined, asked: Moment): Place {
  const [letter, ...after] = lines(token)
  const number = Number(letter?.slice(1))
  if (letter === undefined || after.length === 0 || !/^[st]\d{1,15}$/.test(letter))
    return { moment: asked, after: undefined }
  const moment: Moment = letter.startsWith('s')
    ? { kind: 'sequence', sequence: number }
    : { kind: 'instant', at: number }
  return { moment, after }
}

// Neither keys nor labels can hold a line break.
const lines = (token: string | undefined): string[] => {
  const text = Buffer.from(token ?? '', 'base64url').toString('utf8')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: of these only line breaks are ours
  return /[\u0000-\u0009\u000b-\u001f\u007f]/.test(text) ? [] : text.split('\n')
}

/** The token of the page that follows one that is full; undefined when it isn't. */
export function nextAfter<T>(
  items: readonly T[],
  moment: Moment,
  placeIn: (item: T) => readonly string[],
): string | undefined {
  const last = items.length === pageSize ? items.at(-1) : undefined
  if (last === undefined) return undefined
  const letter = moment.kind === 'instant' ? `t${moment.at}` : `s${moment.kind === 'sequence' ? moment.sequence : 0}`
  return Buffer.from([letter, ...placeIn(last)].join('\n')).toString('base64url')
}

/** The etag of a page: of its items, and of where the next one begins, but not of the moment at which it was asked for. */
export function pageEtag<T extends { readonly etag: string }>(
  items: readonly T[],
  placeIn: (item: T) => readonly string[],
): string {
  const last = items.length === pageSize ? items.at(-1) : undefined
  const next = last === undefined ? '' : placeIn(last).join('\n')
  return createHash('sha256')
    .update(`kvset\n${items.map(({ etag }) => etag).join('\n')}\n${next}`)
    .digest('base64url')
}

/**
 * Path and query of the next page. The JavaScript client reads `after` by taking the whole for a query, so it is never
 * first, and decodes it twice, so it has no character that means something there.
 */
export function nextTarget({ target, query }: Call, after: string): string {
  const path = target.split('?', 1)[0] as string
  const same = repeated.flatMap((name) => {
    const value = query[name] ?? []
    return (Array.isArray(value) ? value : [value]).map((one) => `${name}=${encodeURIComponent(one)}`)
  })
  const version = query['api-version']
  const first = typeof version === 'string' ? [`api-version=${encodeURIComponent(version)}`] : []
  return `${path}?${[...first, ...same, `after=${after}`].join('&')}`
}
const repeated = ['key', 'label', 'name', 'status', 'tags', 'snapshot', '$select', 'fields'] as const

/** The header that names the next page, and the member of the body that does. */
export const linkOf = (next: string | undefined): Record<string, string> =>
  next === undefined ? {} : { link: `<${next}>; rel="next"` }
/** The same as a member of the body. */
export const nextLink = (next: string | undefined) => (next === undefined ? {} : { '@nextLink': next })
