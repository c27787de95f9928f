import { lookup as lookupHere } from 'node:dns'
import { request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { isIP } from 'node:net'
import { checkedLookup, type MayReach, type Resolve, territoryOf, Unreachable } from '@cardea/contract/addresses'

/**
 * The way out of the house to addresses that somebody else has named. Encrypted, never to a private address unless the
 * operator allows it, to the very address that was looked at, without following where it points, and only for a while.
 */
export type Egress = {
  readonly allowPrivate: boolean
  /** The operator's own address, which may lie on this machine without encryption. */
  readonly operators?: boolean
  /** Whom to trust besides those whom everybody trusts (PEM). */
  readonly ca?: readonly string[] | string
  /** For tests: how names are found. */
  readonly lookup?: (host: string) => Promise<readonly string[]>
}

/** Private networks are open where the operator says so; where a cloud hands out a machine's own credentials, nobody gets. */
const mayReach =
  ({ allowPrivate }: Pick<Egress, 'allowPrivate'>): MayReach =>
  (address) => {
    const led = territoryOf(address)
    return allowPrivate ? led !== 'never' : led === 'public'
  }

/** Why an address can't be posted to, in words; undefined when it can. */
export function refusalOf(
  text: string,
  { allowPrivate, operators = false }: Pick<Egress, 'allowPrivate' | 'operators'>,
): string | undefined {
  const url = URL.parse(text)
  if (url?.protocol !== 'https:' && !(operators && url?.protocol === 'http:')) return 'an https:// address'
  if (url.username !== '' || url.password !== '') return 'an address without a user or a password'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if ((isIP(host) !== 0 && !mayReach({ allowPrivate })(host)) || (!allowPrivate && /(^|\.)localhost\.?$/i.test(host)))
    return 'an address outside of private networks'
  return undefined
}

const requestMsMax = 30_000
/** More than this of an answer isn't read. */
const answerBytesMax = 64 * 1024

export type Sent = {
  readonly method?: 'POST' | 'OPTIONS'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}
export type Answered = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Why nothing came back, in a word for programs; the cause is the operator's. */
export class Unanswered extends Error {
  readonly why: 'refused' | 'unresolved' | 'timed-out' | 'broken'
  constructor(why: Unanswered['why'], message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'Unanswered'
    this.why = why
  }
}

/** Posts, and gives the status. What is answered isn't read. */
export const postOutside = async (text: string, sent: Sent, egress: Egress): Promise<number> =>
  (await ask(text, sent, egress, 0)).status

/** Sends, and gives what is answered, as far as it is short. Throws `Unanswered` when nothing is. */
export const askOutside = (text: string, sent: Sent, egress: Egress): Promise<Answered> =>
  ask(text, sent, egress, answerBytesMax)

async function ask(
  text: string,
  { method = 'POST', headers, body }: Sent,
  egress: Egress,
  bytesMax: number,
): Promise<Answered> {
  const refusal = refusalOf(text, egress)
  if (refusal !== undefined) throw new Unanswered('refused', `it must be ${refusal}`)
  const url = new URL(text)
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const secure = url.protocol === 'https:'
  const late = AbortSignal.timeout(requestMsMax)
  return new Promise((resolve, reject) => {
    const failed = (error: Error) =>
      reject(late.aborted ? new Unanswered('timed-out', 'it did not answer in time', error) : unanswered(error))
    const sent = (secure ? request : plainRequest)(
      {
        method,
        host: name,
        lookup: checkedLookup(resolverOf(egress), mayReach(egress)),
        port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
        path: `${url.pathname}${url.search}`,
        ...(secure && isIP(name) === 0 && { servername: name }),
        headers: { ...headers, host: url.host, 'content-length': String(Buffer.byteLength(body)) },
        agent: false,
        signal: late,
        ...(egress.ca !== undefined && { ca: [egress.ca].flat() }),
      },
      (answer) => {
        const { statusCode: status = 0, headers } = answer
        const parts: Buffer[] = []
        let bytes = 0
        const done = () => {
          resolve({ status, headers, body: Buffer.concat(parts).toString('utf8') })
          answer.destroy()
        }
        if (bytesMax === 0) return done()
        answer.on('data', (part: Buffer) => {
          bytes += part.length
          if (bytes > bytesMax) return done()
          parts.push(part)
        })
        answer.on('end', done)
        answer.on('error', failed)
      },
    )
    sent.on('error', failed)
    sent.end(body)
  })
}

const resolverOf = ({ lookup }: Egress): Resolve =>
  lookup === undefined
    ? lookupHere
    : (host, _, done) =>
        lookup(host).then(
          (found) =>
            done(
              null,
              found.map((address) => ({ address, family: isIP(address) })),
            ),
          (error) => done(error, []),
        )

function unanswered(error: Error & { code?: unknown; syscall?: unknown }): Unanswered {
  if (error instanceof Unreachable) return new Unanswered('refused', 'its name leads to a private address', error)
  if (error.syscall === 'getaddrinfo') return new Unanswered('unresolved', 'its name leads nowhere', error)
  return new Unanswered('broken', typeof error.code === 'string' ? error.code : error.message, error)
}
