import { lookup } from 'node:dns'
import { isIP, type Socket } from 'node:net'
import { checkedLookup, territoryOf, Unreachable } from '@cardea/contract/addresses'

/** Targets may lie in a private network and on this machine, but never where a cloud hands out a machine's own credentials. */
const isTarget = (address: string): boolean => territoryOf(address) !== 'never'

/** A lookup for the sockets of what doesn't speak HTTP. */
export const targetLookup = checkedLookup(lookup, isTarget)

/** Sockets don't look an address up that is one already. */
export function refuseForbidden(host: string): void {
  if (isIP(host) !== 0 && !isTarget(host)) throw new Unreachable(host)
}

/** No target has as much to say in one piece of work. */
const heardBytesMax = 8 * 1024 * 1024
const lookMs = 20

/**
 * Cuts a connection off whose other end talks on and on, before that fills the memory. It looks at the socket now and
 * then: what TLS reads there comes by no other way.
 */
export function bounded<S extends Socket>(socket: S): S {
  const looking = setInterval(() => {
    if (socket.bytesRead > heardBytesMax) socket.destroy(new Error('The target answered more than was asked for'))
  }, lookMs)
  socket.once('close', () => clearInterval(looking))
  return socket
}
