import { lookup } from 'node:dns'
import { request } from 'node:https'
import { isIP } from 'node:net'
import { checkedLookup, territoryOf } from '@cardea/contract/addresses'

/**
 * Fetches a small JSON document from elsewhere, and lets itself be sent nowhere: https only, no redirects, so many
 * bytes, so much time, and where the name isn't the operator's own choice, no address inside a private network: else
 * whoever writes the document that names an address could have us knock on doors that they can't reach (SSRF).
 */
type Fetching = {
  /** Whether it may lie in a private network, or on this machine. */
  readonly privateToo: boolean
  readonly bytesMax: number
  readonly timeoutMs: number
}
export type FetchJson = (url: URL, fetching: Fetching) => Promise<unknown>

export const fetchJson: FetchJson = (url, { privateToo, bytesMax, timeoutMs }) =>
  new Promise((resolve, reject) => {
    if (url.protocol !== 'https:') return void reject(new Error(`${url.origin} is not https`))
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const mayReach = (address: string): boolean => privateToo || territoryOf(address) === 'public'
    if (isIP(host) !== 0 && !mayReach(host)) return void reject(new Error(`${host} lies in a private network`))
    const sent = request(
      url,
      {
        agent: false,
        headers: { accept: 'application/json' },
        signal: AbortSignal.timeout(timeoutMs),
        lookup: checkedLookup(lookup, mayReach),
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
