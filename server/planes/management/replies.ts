import { json } from '#base/media-types.ts'
import type { Hosts } from '../http/hosts.ts'
import { type Call, Reply } from '../plane.ts'

/** 201 for what is new, 200 for what was there before. */
export const put = (fresh: boolean, body: object): Reply =>
  new Reply(fresh ? 201 : 200, { 'content-type': json }, JSON.stringify(body))

/** Deleting what isn't there is no error in Resource Manager: 204. */
export const deleted = (there: boolean): Reply => new Reply(there ? 200 : 204, {})

/** A list, all of it at once. */
export const listed = (value: readonly object[]): object => ({ value })

/** A resource, as a list shows it. */
export type Listable = { readonly id: string; readonly [more: string]: unknown }
type Pages = { readonly $top?: number | undefined; readonly $skiptoken?: string | undefined }

/**
 * A list, page by page where the client says how long a page is. A page begins behind the id that ended the one before,
 * so that what is deleted in between moves nothing.
 */
export function listedByPage(
  { managementUrl }: Pick<Hosts, 'managementUrl'>,
  { target }: Call,
  { $top, $skiptoken }: Pages,
  value: readonly Listable[],
): object {
  if ($top === undefined && $skiptoken === undefined) return { value }
  const placeOf = ({ id }: Listable) => id.toLowerCase()
  const last = $skiptoken === undefined ? '' : Buffer.from($skiptoken, 'base64url').toString('utf8')
  const rest = value.filter((one) => placeOf(one) > last).sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1))
  const page = rest.slice(0, $top)
  const end = page.at(-1)
  if (page.length === rest.length || end === undefined) return { value: page }
  const next = new URL(`${managementUrl}${target}`)
  next.searchParams.set('$skiptoken', Buffer.from(placeOf(end)).toString('base64url'))
  return { value: page, nextLink: next.href }
}

/** Whether a name can be given, and why not. */
export const availability = (taken: { readonly reason: string; readonly message: string } | undefined): object =>
  taken === undefined ? { nameAvailable: true } : { nameAvailable: false, ...taken }
