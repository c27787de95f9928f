import { createHash, createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Call } from '../plane.ts'

/**
 * Requests signed with an access key (App Configuration's *HMAC authentication*). The signature is over the request as it was sent, byte for byte,
 * and over a hash of the body: so all but the body is proved before the body is read, and the body after.
 */
export const hmacScheme = 'HMAC-SHA256'

const dateSkewMs = 15 * 60_000

/** What a refusal says stands in a header: its words are the service's, and hold nothing that was sent. */
const refusal = (words: string): Fault => new Fault('unauthenticated', words)

export type Signed = {
  readonly credential: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
}

/** The parts of `Credential=…&SignedHeaders=…&Signature=…`; clients put `&` or `, ` between them. */
export function signedFrom(parameters: string): Signed {
  const parts = new Map(
    parameters.split(/&|,\s*/).map((part) => {
      const equals = part.indexOf('=')
      return [part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim()] as const
    }),
  )
  const [credential, signedHeaders, signature] = ['credential', 'signedheaders', 'signature'].map((n) => parts.get(n))
  if (!credential || !signedHeaders || !signature) throw refusal('[Credential][SignedHeaders][Signature] is required')
  return { credential, signature, signedHeaders: signedHeaders.toLowerCase().split(';') }
}

/** Refuses what doesn't sign enough of itself, or was signed too long ago or too far ahead. */
export function refuseUnfit({ signedHeaders }: Signed, call: Call, at: Instant): void {
  const absent = signedHeaders.find((name) => call.headers[name] === undefined)
  if (absent !== undefined) throw refusal(`Signed request header '${headerName(absent)}' is not provided`)
  for (const name of ['host', contentHash]) {
    if (!signedHeaders.includes(name)) throw refusal(`${name} is required as a signed header`)
  }
  // Only a date that was signed says when.
  const dated = ['x-ms-date', 'date'].find((name) => signedHeaders.includes(name))
  if (dated === undefined) throw refusal('x-ms-date is required as a signed header')
  const date = instantOf(textOf(call, dated))
  if (date === undefined) throw refusal('Invalid access token date')
  if (Math.abs(at - date) > dateSkewMs) throw refusal('The access token has expired')
}

/** Refuses what this secret didn't sign. */
export function refuseForged({ signedHeaders, signature }: Signed, call: Call, secret: KeyObject): void {
  const values = signedHeaders.map((name) => textOf(call, name)).join(';')
  // Node reads headers and targets as Latin-1, so this is what came, byte for byte.
  const signed = Buffer.from(`${call.method.toUpperCase()}\n${call.target}\n${values}`, 'latin1')
  if (!same(createHmac('sha256', secret).update(signed).digest('base64'), signature)) throw refusal('Invalid Signature')
}

/** Refuses a body that isn't the one whose hash was signed. */
export function refuseOtherBody(call: Call): void {
  const hash = createHash('sha256')
    .update(call.body ?? '')
    .digest('base64')
  if (!same(hash, textOf(call, contentHash))) throw refusal('Invalid request content hash')
}

const contentHash = 'x-ms-content-sha256'

const textOf = ({ headers }: Call, name: string): string => String(headers[name] ?? '')

const headerName = (text: string): string => text.slice(0, 64).replace(/[^a-z0-9-]/g, '?')

function same(ours: string, theirs: string): boolean {
  const [one, other] = [Buffer.from(ours, 'latin1'), Buffer.from(theirs, 'latin1')]
  return one.length === other.length && timingSafeEqual(one, other)
}

/**
 * RFC 1123, and the form of the Python SDK (`Nov, 20 2026 17:39:06.535392 GMT`). A date without a zone would be read in
 * ours, hours off: refused.
 */
function instantOf(date: string): Instant | undefined {
  const instant = /(GMT|UTC|Z|[+-]\d\d:?\d\d)$/i.test(date) ? Date.parse(date) : Number.NaN
  return Number.isNaN(instant) ? undefined : instant
}
