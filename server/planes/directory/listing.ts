import type { ListQuery } from '@cardea/contract/directory/objects'
import { Fault } from '#base/fault.ts'
import type { Key } from '#core/directory/look-up.ts'
import type { Call } from '../plane.ts'
import { type Condition, filterOf, fits, namedBy, type Properties } from './filter.ts'

/** How Graph gives lists: a page at a time, with the address of the next, and only what was asked for. */
const pageDefault = 100
const batch = 200

type Objects = Readonly<Record<string, unknown>> & { readonly id: string }

/** Where objects come from: those after an id, in the order of ids. */
export type Source<T> = (after: string, limit: number) => Promise<readonly T[]>

/** A list that is there as a whole, as a source. */
export const sourceOf = <T>(all: readonly T[], idOf: (one: T) => string): Source<T> => {
  const ordered = all.toSorted((one, other) => (idOf(one) < idOf(other) ? -1 : 1))
  return async (after, limit) => ordered.filter((one) => idOf(one) > after).slice(0, limit)
}

type Listing<T> = {
  readonly graphUrl: string
  readonly call: Call
  readonly query: ListQuery
  readonly properties: Properties
  readonly source: Source<T>
  /** One object by a key; throws `not-found`. Without it all are looked through. */
  readonly find?: (key: Key) => Promise<T>
  readonly objectOf: (one: T) => Objects
}

/** A page of what fits the filter. */
export async function pageOf<T>(listing: Listing<T>): Promise<object> {
  const { graphUrl, call, query, properties, objectOf } = listing
  const { $filter, $select, $top: size = pageDefault, $skiptoken = '', $count } = query
  const condition = $filter === undefined || $filter.trim() === '' ? undefined : filterOf($filter, properties)
  const source = sourceFor(listing, condition)
  const fitting = (objects: readonly Objects[]) =>
    objects.filter((object) => condition === undefined || fits(condition, object))
  const from = $skiptoken.toLowerCase()
  // Whoever wants to know how many there are has all of them counted, those on pages before too.
  const counting = $count === 'true'
  const found: Objects[] = []
  let count = 0
  let after = counting ? '' : from
  for (let more = true; more && (counting || found.length <= size); ) {
    const objects = (await source(after, batch)).map(objectOf)
    const these = fitting(objects)
    count += these.length
    found.push(...these.filter(({ id }) => id > from).slice(0, size + 1 - found.length))
    after = objects.at(-1)?.id ?? after
    more = objects.length === batch
  }
  const page = found.slice(0, size)
  const last = page.at(-1)
  return {
    '@odata.context': `${graphUrl}/v1.0/$metadata#${call.target.split('?', 1)[0]?.split('/').at(-1)}`,
    ...(counting && { '@odata.count': count }),
    ...(found.length > size && last !== undefined && { '@odata.nextLink': nextLink(graphUrl, call, query, last.id) }),
    value: page.map((object) => selected(object, $select)),
  }
}

/** Where a list is taken from: the one object that a condition names, or all. */
function sourceFor<T>({ source, find }: Listing<T>, condition: Condition | undefined): Source<T> {
  const key = condition === undefined ? undefined : namedBy(condition)
  if (key === undefined || find === undefined) return source
  return async () => {
    try {
      return [await find(key)]
    } catch (error) {
      if (error instanceof Fault && error.code === 'not-found') return []
      throw error
    }
  }
}

function nextLink(graphUrl: string, call: Call, query: ListQuery, after: string): string {
  const same = (['$filter', '$select', '$top', '$count'] as const).flatMap((name) =>
    query[name] === undefined ? [] : [`${name}=${encodeURIComponent(query[name])}`],
  )
  return `${graphUrl}${call.target.split('?', 1)[0]}?${[...same, `$skiptoken=${after}`].join('&')}`
}

/** Only the properties that were asked for; what isn't one is passed over. */
export function selected(object: Readonly<Record<string, unknown>>, $select: string | undefined): object {
  if ($select === undefined) return object
  const wanted = new Set($select.split(',').map((name) => name.trim().toLowerCase()))
  return Object.fromEntries(
    Object.entries(object).filter(([name]) => name[0] === '@' || wanted.has(name.toLowerCase())),
  )
}
