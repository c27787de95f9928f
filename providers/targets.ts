import { lookup } from 'node:dns'
import { isIP } from 'node:net'
import { checkedLookup, reachOf, Unreachable } from '@cardea/contract/addresses'

/** Targets may lie in a private network and on this machine, but never where a cloud hands out a machine's own credentials. */
const isTarget = (address: string): boolean => reachOf(address) !== 'never'

/** A lookup for the sockets of what doesn't speak HTTP. */
export const targetLookup = checkedLookup(lookup, isTarget)

/** Sockets don't look an address up that is one already. */
export function refuseForbidden(host: string): void {
  if (isIP(host) !== 0 && !isTarget(host)) throw new Unreachable(host)
}
