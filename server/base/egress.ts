import { lookup as lookupHere } from 'node:dns/promises'
import { request } from 'node:https'
import { BlockList, isIP } from 'node:net'

/**
 * The way out of the house to addresses that somebody else has named. Encrypted, never to a private address unless the
 * operator allows it, to the very address that was looked at, without following where it points, and only for a while.
 */
export type Egress = {
  readonly allowPrivate: boolean
  /** For tests: how names are found, and whom to trust. */
  readonly lookup?: (host: string) => Promise<readonly string[]>
  readonly ca?: string
}

const ofThisHouse = new BlockList()
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  ofThisHouse.addSubnet(net, prefix, 'ipv4')
}
for (const [net, prefix] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  ofThisHouse.addSubnet(net, prefix, 'ipv6')
}

/** Whether an address leads into a private network, to this machine, or to a cloud's own services (RFC 6890). */
export function isPrivate(address: string): boolean {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return isPrivate(mapped)
  const family = isIP(address)
  // Hexadecimal forms of IPv4 inside IPv6 are nobody's receiver.
  return family === 0 || /^::ffff:/i.test(address) || ofThisHouse.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** Why an address can't be posted to, in words; undefined when it can. */
export function refusalOf(text: string, { allowPrivate }: Pick<Egress, 'allowPrivate'>): string | undefined {
  const url = URL.parse(text)
  if (url?.protocol !== 'https:') return 'an https:// address'
  if (url.username !== '' || url.password !== '') return 'an address without a user or a password'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && ((isIP(host) !== 0 && isPrivate(host)) || /(^|\.)localhost\.?$/i.test(host)))
    return 'an address outside of private networks'
  return undefined
}

const everyAddress = async (host: string): Promise<readonly string[]> =>
  (await lookupHere(host, { all: true })).map(({ address }) => address)

const requestMsMax = 30_000

/** Posts, and gives the status. What is answered isn't read. */
export async function postOutside(
  text: string,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  { allowPrivate, lookup = everyAddress, ca }: Egress,
): Promise<number> {
  const refusal = refusalOf(text, { allowPrivate })
  if (refusal !== undefined) throw new Error(`it must be ${refusal}`)
  const url = new URL(text)
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(name) !== 0 ? [name] : await lookup(name)
  const [address] = addresses
  if (address === undefined) throw new Error('its name leads nowhere')
  if (!allowPrivate && addresses.some(isPrivate)) throw new Error('its name leads to a private address')
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        method: 'POST',
        host: address,
        port: url.port === '' ? 443 : Number(url.port),
        path: `${url.pathname}${url.search}`,
        ...(isIP(name) === 0 && { servername: name }),
        headers: { ...headers, host: url.host, 'content-length': String(Buffer.byteLength(body)) },
        agent: false,
        signal: AbortSignal.timeout(requestMsMax),
        ...(ca !== undefined && { ca }),
      },
      (answer) => {
        resolve(answer.statusCode ?? 0)
        answer.destroy()
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}
