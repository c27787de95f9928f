import { BlockList, isIP, type LookupFunction } from 'node:net'

/**
 * Where an address leads: the one list by which everything is judged that somebody else may have us connect to (RFC 6890
 * and IANA's registries of special addresses). `never` is what hands out a machine's own credentials, or is to be reached
 * from this very wire only, or belongs to nobody. An IPv4 address inside of an IPv6 one leads where it leads itself.
 */
export type Territory = 'public' | 'private' | 'loopback' | 'never'

/** Metadata services of clouds: link-local ones stand below already. */
const never = new BlockList()
for (const address of ['168.63.129.16', '100.100.100.200', '192.0.0.192']) never.addAddress(address, 'ipv4')
for (const address of ['fd00:ec2::254', 'fd20:ce::254', 'fd00:42::42', '::']) never.addAddress(address, 'ipv6')
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['192.88.99.0', 24],
  ['224.0.0.0', 3],
] as const)
  never.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['100::', 64],
  // Where in these the IPv4 address lies is each network's own choice (RFC 8215), so nobody can say where they lead.
  ['64:ff9b:1::', 48],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  never.addSubnet(network, bits, 'ipv6')

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

const inner = new BlockList()
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
] as const)
  inner.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['fc00::', 7],
  // Protocols' own (RFC 2928), with Teredo, ORCHID and benchmarking; then documentation and 6to4.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16],
] as const)
  inner.addSubnet(network, bits, 'ipv6')

const severity: readonly Territory[] = ['public', 'private', 'loopback', 'never']

/** Where an address leads; what is no address leads nowhere. */
export function territoryOf(address: string): Territory {
  const family = isIP(address)
  if (family === 0) return 'never'
  if (family === 4) return plainTerritory(address, 'ipv4')
  const groups = groupsOf(address)
  if (groups === undefined) return 'never'
  const territories = [
    plainTerritory(address, 'ipv6'),
    ...embedded(groups).map((inside) => plainTerritory(inside, 'ipv4')),
  ]
  return severity[Math.max(...territories.map((territory) => severity.indexOf(territory)))] as Territory
}

function plainTerritory(address: string, family: 'ipv4' | 'ipv6'): Territory {
  if (never.check(address, family)) return 'never'
  if (loopback.check(address, family)) return 'loopback'
  return inner.check(address, family) ? 'private' : 'public'
}

/** The eight groups of an IPv6 address; undefined for one of a single wire (`fe80::1%eth0`). */
function groupsOf(address: string): readonly number[] | undefined {
  // The way of writing addresses is the URL standard's: always hexadecimal, with one `::` at most.
  const url = URL.parse(`http://[${address}]/`)
  if (url === null) return undefined
  const [head = '', tail] = url.hostname.slice(1, -1).split('::')
  const [first, last] = [head, tail ?? ''].map((part) =>
    part.split(':').flatMap((group) => (group === '' ? [] : [Number.parseInt(group, 16)])),
  ) as [number[], number[]]
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
}

const dotted = (high: number, low: number): string => [high >> 8, high & 255, low >> 8, low & 255].join('.')

/** The IPv4 addresses that a gateway, or this machine, would find in an IPv6 address. */
function embedded(groups: readonly number[]): string[] {
  const [a, b, c, d, e, f, g, h] = groups as [number, number, number, number, number, number, number, number]
  const last = dotted(g, h)
  const zero = (...some: number[]): boolean => some.every((group) => group === 0)
  // Mapped and compatible (RFC 4291 2.5.5), but for :: and ::1; translated (RFC 2765); NAT64 (RFC 6052).
  if (zero(a, b, c, d, e) && (f === 0xffff || (f === 0 && (g > 0 || h > 1)))) return [last]
  if (zero(a, b, c, d, f) && e === 0xffff) return [last]
  if (a === 0x64 && b === 0xff9b && zero(c, d, e, f)) return [last]
  // 6to4 (RFC 3056), Teredo with its server and its client (RFC 4380 4), ISATAP (RFC 5214 6.1).
  if (a === 0x2002) return [dotted(b, c)]
  if (a === 0x2001 && b === 0) return [dotted(c, d), dotted(g ^ 0xffff, h ^ 0xffff)]
  return (e === 0 || e === 0x200) && f === 0x5efe ? [last] : []
}

/** Which addresses may be connected to. */
export type MayReach = (address: string) => boolean

/** A name or an address that leads where nobody may be sent. */
export class Unreachable extends Error {
  constructor(host: string) {
    super(`${host} leads where nothing may be sent`)
    this.name = 'Unreachable'
  }
}

/** As Node's own `lookup` does it, for all addresses of a name. */
export type Resolve = (
  host: string,
  options: { readonly all: true },
  done: (error: NodeJS.ErrnoException | null, found: { readonly address: string; readonly family: number }[]) => void,
) => void

/**
 * A lookup for sockets: what is connected to is what was checked, whatever the name leads to a moment later. A name with one
 * address that may not be reached isn't reached at all.
 */
export const checkedLookup =
  (resolve: Resolve, mayReach: MayReach): LookupFunction =>
  (host, options, done) =>
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, '')
      const [first] = found
      if (first === undefined || !found.every(({ address }) => mayReach(address)))
        return done(new Unreachable(host), '')
      if (options.all === true) done(null, found)
      else done(null, first.address, first.family)
    })
