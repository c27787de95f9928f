import { lookup } from 'node:dns'
import { once } from 'node:events'
import { request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import { isIP } from 'node:net'
import { checkedLookup, territoryOf, Unreachable } from '@cardea/contract/addresses'

export type Sent = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS'
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}
export type Heard = {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

/** How a provider reaches what speaks HTTP. */
export type Reach = {
  /** Whether targets on this very machine are meant to be reached. */
  readonly loopback: boolean
}

const answerMsMax = 30_000
const answerBytesMax = 64 * 1024

/**
 * One request, and its answer. It goes to the address that was checked, follows no redirect, reads no more than 64 KB,
 * takes no answer that is a success and an error at once, and ends with the signal. Without TLS it goes to this very machine only.
 */
export async function send(
  { method = 'GET', url, headers, body }: Sent,
  signal: AbortSignal,
  reach: Reach,
): Promise<Heard> {
  signal.throwIfAborted()
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const mayReach = (address: string): boolean => isOpen(address, reach)
  if (isIP(host) !== 0 && !mayReach(host)) throw new Unreachable(host)
  if (url.protocol !== 'https:' && !(reach.loopback && isLoopback(host))) {
    throw new Error(`${url.host} must be reached by https`)
  }
  const cut = AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)])
  const sent = (url.protocol === 'https:' ? overHttps : overHttp)(url, {
    method,
    agent: false,
    signal: cut,
    lookup: checkedLookup(lookup, mayReach),
    headers: {
      accept: 'application/json',
      'user-agent': 'cardea',
      ...(body !== undefined && {
        'content-length': String(Buffer.byteLength(body)),
        'content-type': 'application/json',
      }),
      ...headers,
    },
  })
  try {
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
    const parts: Buffer[] = []
    let size = 0
    for await (const part of answer) {
      size += (part as Buffer).length
      if (size > answerBytesMax) throw new Error(`${url.host} answered more than ${answerBytesMax} bytes`)
      parts.push(part as Buffer)
    }
    const text = Buffer.concat(parts).toString('utf8')
    const heard = { status: answer.statusCode ?? 0, headers: answer.headers, text }
    if (contradictsItself(heard)) throw new Error(`${url.host} answered ${heard.status} and an error at once`)
    return heard
  } catch (error) {
    if (cut.aborted) throw cut.reason
    throw error
  } finally {
    sent.destroy()
  }
}

/** Who says that it is done and names an error beside has said nothing: whoever asked asks again what is so. */
function contradictsItself(heard: Heard): boolean {
  const told = heard.status < 300 ? jsonOf(heard) : undefined
  if (typeof told !== 'object' || told === null || !('error' in told)) return false
  return told.error !== null && told.error !== false && told.error !== ''
}

/** Targets may lie in a private network, but never where a cloud hands out a machine's own credentials. */
function isOpen(address: string, { loopback }: Reach): boolean {
  const led = territoryOf(address)
  return led !== 'never' && (led !== 'loopback' || loopback)
}

/** Whether a host, as a URL or an address names it, is this very machine. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || territoryOf(host.replace(/^\[(.*)\]$/, '$1')) === 'loopback'

/** The JSON of an answer; undefined where it is none. Its text is never shown: it may hold what was sent. */
export function jsonOf({ text }: Heard): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** What an answer that isn't welcome is called in an error: whose it was and its status, nothing of what it says. */
export const refusal = (what: string, url: URL, { status }: Heard): Error =>
  new Error(`${url.host} answered ${status} to ${what}`)
