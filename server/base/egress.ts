import { lookup as lookupHere } from 'node:dns/promises'
import { request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { BlockList, isIP } from 'node:net'

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
export function refusalOf(
  text: string,
  { allowPrivate, operators = false }: Pick<Egress, 'allowPrivate' | 'operators'>,
): string | undefined {
  const url = URL.parse(text)
  if (url?.protocol !== 'https:' && !(operators && url?.protocol === 'http:')) return 'an https:// address'
  if (url.username !== '' || url.password !== '') return 'an address without a user or a password'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && ((isIP(host) !== 0 && isPrivate(host)) || /(^|\.)localhost\.?$/i.test(host)))
    return 'an address outside of private networks'
  return undefined
}

const everyAddress = async (host: string): Promise<readonly string[]> =>
  (await lookupHere(host, { all: true })).map(({ address }) => address)

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
  { allowPrivate, operators = false, lookup = everyAddress, ca }: Egress,
  bytesMax: number,
): Promise<Answered> {
  const refusal = refusalOf(text, { allowPrivate, operators })
  if (refusal !== undefined) throw new Unanswered('refused', `it must be ${refusal}`)
  const url = new URL(text)
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(name) !== 0 ? [name] : await found(name, lookup)
  const [address] = addresses
  if (address === undefined) throw new Unanswered('unresolved', 'its name leads nowhere')
  if (!allowPrivate && addresses.some(isPrivate)) throw new Unanswered('refused', 'its name leads to a private address')
  const secure = url.protocol === 'https:'
  const late = AbortSignal.timeout(requestMsMax)
  return new Promise((resolve, reject) => {
    const failed = (error: Error & { code?: unknown }) =>
      reject(
        late.aborted
          ? new Unanswered('timed-out', 'it did not answer in time', error)
          : new Unanswered('broken', typeof error.code === 'string' ? error.code : error.message, error),
      )
    const sent = (secure ? request : plainRequest)(
      {
        method,
        host: address,
        port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
        path: `${url.pathname}${url.search}`,
        ...(secure && isIP(name) === 0 && { servername: name }),
        headers: { ...headers, host: url.host, 'content-length': String(Buffer.byteLength(body)) },
        agent: false,
        signal: late,
        ...(ca !== undefined && { ca: [ca].flat() }),
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

const found = (name: string, lookup: NonNullable<Egress['lookup']>): Promise<readonly string[]> =>
  lookup(name).catch((error: unknown) => {
    throw new Unanswered('unresolved', 'its name leads nowhere', error)
  })
