import { errors, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { Instant } from '#base/clock.ts'
import type { FederatedCredential } from './federated-credential.ts'
import { IssuerUnreachable } from './issuers.ts'

/**
 * Tokens of other issuers as proof of who asks (RFC 7523 3): issuer, subject and audience are compared letter by letter
 * with a credential that somebody set up for this principal. Only then is the issuer asked for its keys.
 */
export type FederatedOutcome =
  | { readonly credential: string; readonly claims: Readonly<Record<string, unknown>> }
  | 'wrong'
  | 'expired'
  | 'unmatched'
  | 'unlisted'
  | 'unreachable'

type Foreign = { readonly iss: string; readonly sub: string; readonly aud: readonly string[] }

/** Signatures by a private key only: with a shared secret, whoever knows the public key could sign. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
const toleranceSeconds = 300

/**
 * Whether an assertion from elsewhere proves one of these credentials now. What it says of itself only picks the credential; it is
 * believed once a key of that issuer's has verified it. It answers instead of throwing, for each failure has its own words.
 */
export async function federatedOutcome(
  assertion: string,
  credentials: readonly FederatedCredential[],
  keysOf: (issuer: string) => JWTVerifyGetKey | undefined,
  at: Instant,
): Promise<FederatedOutcome> {
  const said = saidIn(assertion)
  if (said === undefined) return 'wrong'
  const credential = credentials.find(
    ({ issuer, subject, audiences }) =>
      issuer === said.iss && subject === said.sub && audiences.some((audience) => said.aud.includes(audience)),
  )
  if (credential === undefined) return 'unmatched'
  const keys = keysOf(said.iss)
  if (keys === undefined) return 'unlisted'
  try {
    const { payload } = await jwtVerify(assertion, keys, {
      algorithms,
      issuer: credential.issuer,
      subject: credential.subject,
      audience: [...credential.audiences],
      requiredClaims: ['exp'],
      clockTolerance: toleranceSeconds,
      currentDate: new Date(at),
    })
    return { credential: credential.reference, claims: payload }
  } catch (error) {
    if (error instanceof errors.JWTExpired) return 'expired'
    if (error instanceof IssuerUnreachable) return 'unreachable'
    if (error instanceof errors.JOSEError || error instanceof TypeError) return 'wrong'
    throw error
  }
}

/** What an assertion says of itself, before anything of it is believed. */
function saidIn(assertion: string): Foreign | undefined {
  try {
    const text = Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString('utf8')
    const { iss, sub, aud } = JSON.parse(text) as Record<string, unknown>
    const audiences = (Array.isArray(aud) ? aud : [aud]).filter((one) => typeof one === 'string')
    return typeof iss === 'string' && typeof sub === 'string' ? { iss, sub, aud: audiences } : undefined
  } catch {
    return undefined
  }
}
