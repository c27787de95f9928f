import { lookup as resolve } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/**
 * Where a request that somebody's binding asks for may not go: the metadata service of a cloud, which hands out the
 * machine's own credentials, and whatever else is only to be reached from this very machine or its wire.
 */
const never = new BlockList()
never.addSubnet('0.0.0.0', 8, 'ipv4')
never.addSubnet('169.254.0.0', 16, 'ipv4')
never.addSubnet('224.0.0.0', 3, 'ipv4')
never.addAddress('168.63.129.16', 'ipv4')
never.addAddress('100.100.100.200', 'ipv4')
never.addAddress('::', 'ipv6')
never.addSubnet('fe80::', 10, 'ipv6')
never.addSubnet('ff00::', 8, 'ipv6')
never.addAddress('fd00:ec2::254', 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether an address may be reached. IPv4 in IPv6 clothes is known by BlockList itself. */
export function mayReach(address: string, allowLoopback: boolean): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(address) === 0 || never.check(address, family)) return false
  return allowLoopback || !loopback.check(address, family)
}

export class Unreachable extends Error {
  constructor(host: string) {
    super(`${host} lies where no binding may lead`)
    this.name = 'Unreachable'
  }
}

/** A lookup for `net.connect`: the address that is checked is the one that is connected to. */
export const guarded =
  (allowLoopback: boolean): LookupFunction =>
  (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '')
      const [first] = found
      if (first === undefined || !found.every(({ address }) => mayReach(address, allowLoopback))) {
        return done(new Unreachable(host), '')
      }
      if (options.all) done(null, found)
      else done(null, first.address, first.family)
    })
  }
