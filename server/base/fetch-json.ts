import { type LookupAddress, lookup } from 'node:dns'
import { request } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/**
 * Fetches a small JSON document from elsewhere, and lets itself be sent nowhere: https only, no redirects, so many
 * bytes, so much time, and where the name isn't the operator's own choice, no address inside a private network: else
 * whoever writes the document that names an address could have us knock on doors that they can't reach (SSRF).
 */
export type Fetching = {
  /** Whether it may lie in a private network, or on this machine. */
  readonly privateToo: boolean
  readonly bytesMax: number
  readonly timeoutMs: number
}
export type FetchJson = (url: URL, fetching: Fetching) => Promise<unknown>

const inner = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  inner.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  inner.addSubnet(network, bits, 'ipv6')

/** Whether an address belongs to a private network, to this machine, or to nobody; mapped ones as what they map. */
export function isInner(address: string): boolean {
  const family = isIP(address)
  return family === 0 || inner.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

/** Looks a name up, and knows only its public addresses: what is connected to is what was looked at. */
const publicOnly: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    const open = error === null ? addresses.filter(({ address }) => !isInner(address)) : []
    const [first] = open
    if (error !== null) callback(error, '', 0)
    else if (first === undefined) callback(new Error(`${host} lies in a private network`), '', 0)
    else if (options.all === true) callback(null, open)
    else callback(null, first.address, first.family)
  })
}

export const fetchJson: FetchJson = (url, { privateToo, bytesMax, timeoutMs }) =>
  new Promise((resolve, reject) => {
    if (url.protocol !== 'https:') return void reject(new Error(`${url.origin} is not https`))
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (!privateToo && isIP(host) !== 0 && isInner(host))
      return void reject(new Error(`${host} lies in a private network`))
    const sent = request(
      url,
      {
        agent: false,
        headers: { accept: 'application/json' },
        signal: AbortSignal.timeout(timeoutMs),
        ...(!privateToo && { lookup: publicOnly }),
      },
      (answer) => {
        if (answer.statusCode !== 200) {
          answer.destroy()
          return void reject(new Error(`${url.origin} answered ${answer.statusCode}`))
        }
        const parts: Buffer[] = []
        let bytes = 0
        answer.on('data', (part: Buffer) => {
          bytes += part.length
          parts.push(part)
          if (bytes > bytesMax) answer.destroy(new Error(`${url.origin} sent more than ${bytesMax} bytes`))
        })
        answer.on('error', reject)
        answer.on('end', () => {
          try {
            resolve(JSON.parse(Buffer.concat(parts).toString('utf8')))
          } catch (cause) {
            reject(new Error(`${url.origin} sent no JSON`, { cause }))
          }
        })
      },
    )
    sent.on('error', reject)
    sent.end()
  })
