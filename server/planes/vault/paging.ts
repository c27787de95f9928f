import type { Page } from '@cardea/contract/vault/objects'
import { Fault } from '#base/fault.ts'
import type { Call } from '../plane.ts'

/**
 * Key Vault's paging: 25 at most (*Get Secrets*), `nextLink` always there, absolute, with the parameters of the request.
 * The token is opaque to clients; it holds the key after which the next page begins.
 */
const pageMax = 25

/** What a list may be asked for. */
export type Asked = {
  readonly maxresults: number | undefined
  readonly $skiptoken: string | undefined
  readonly includepending?: boolean | undefined
}

/** From which key on and how many: one more than the page holds, to know whether another follows. */
export function sliceOf({ maxresults, $skiptoken }: Asked): { after: string | undefined; limit: number } {
  return { after: $skiptoken === undefined ? undefined : keyIn($skiptoken), limit: (maxresults ?? pageMax) + 1 }
}

/** A page of what was found. `keyOf` gives the key that the next page begins after. */
export function pageOf<T, Item>(
  call: Call,
  origin: string,
  { maxresults, includepending }: Asked,
  found: readonly T[],
  keyOf: (thing: T) => string,
  itemOf: (thing: T) => Item,
): Page<Item> {
  const size = maxresults ?? pageMax
  const page = found.slice(0, size)
  const last = page.at(-1)
  const path = call.target.split('?', 1)[0]
  const version = encodeURIComponent(String(call.query['api-version'] ?? ''))
  const asked = [
    ...(includepending === undefined ? [] : [`&includePending=${includepending}`]),
    ...(maxresults === undefined ? [] : [`&maxresults=${maxresults}`]),
  ].join('')
  const nextLink =
    found.length > size && last !== undefined
      ? `${origin}${path}?api-version=${version}&$skiptoken=${tokenOf(keyOf(last))}${asked}`
      : null
  return { value: page.map(itemOf), nextLink }
}

const tokenOf = (key: string): string => Buffer.from(JSON.stringify({ NextMarker: key })).toString('base64url')

function keyIn(token: string): string {
  try {
    const { NextMarker } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as { NextMarker?: unknown }
    if (typeof NextMarker === 'string' && /^[0-9a-zA-Z-]{1,127}$/.test(NextMarker)) return NextMarker
  } catch {
    // Falls through to the refusal.
  }
  throw new Fault('invalid', 'The $skiptoken is not one that this service gave. Follow nextLink as it was returned.')
}
