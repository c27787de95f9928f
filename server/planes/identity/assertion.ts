import { createHash } from 'node:crypto'
import { decodeProtectedHeader, errors, jwtVerify } from 'jose'
import type { Instant } from '#base/clock.ts'
import { type HeldCertificate, publicKeyOf } from '#core/identity/directory.ts'

/**
 * Client assertions signed with a certificate's key (RFC 7523): RS256 or PS256; the certificate
 * named by its SHA-1 or SHA-256 thumbprint, padded or not; `aud` any name of the token endpoint; at most an hour ahead.
 */
export type RightAssertion = {
  /** The credential whose key signed it. */
  readonly credential: string
  /** Its `jti`, if it has one. */
  readonly id: string | undefined
  /** From when on it would be refused as expired. */
  readonly ends: Instant
}
export type AssertionOutcome = RightAssertion | 'wrong' | 'expired' | 'unknown-certificate'

const lifeMaxSeconds = 3600
const toleranceSeconds = 300

/** Whether an assertion (RFC 7523) proves an application by one of its certificates, and until when; else what is wrong with it. */
export async function assertionOutcome(
  assertion: string,
  appId: string,
  certificates: readonly HeldCertificate[],
  audience: (named: string) => boolean,
  at: Instant,
): Promise<AssertionOutcome> {
  try {
    const signer = named(assertion, certificates)
    if (signer === undefined) return 'unknown-certificate'
    const { payload } = await jwtVerify(assertion, publicKeyOf(signer.certificate), {
      algorithms: ['RS256', 'PS256'],
      issuer: appId,
      subject: appId,
      requiredClaims: ['exp', 'aud'],
      clockTolerance: toleranceSeconds,
      currentDate: new Date(at),
    })
    const audiences = Array.isArray(payload.aud) ? payload.aud : [payload.aud]
    const ends = (Number(payload.exp) + toleranceSeconds) * 1000
    const fits = audiences.some((one) => typeof one === 'string' && audience(one))
    if (!fits || ends > at + (lifeMaxSeconds + 2 * toleranceSeconds) * 1000) return 'wrong'
    const id = typeof payload.jti === 'string' ? payload.jti : undefined
    return { credential: signer.credential, id, ends: Math.ceil(ends) }
  } catch (error) {
    return error instanceof errors.JWTExpired ? 'expired' : 'wrong'
  }
}

function named(assertion: string, certificates: readonly HeldCertificate[]): HeldCertificate | undefined {
  const header = decodeProtectedHeader(assertion) as { x5t?: unknown; 'x5t#S256'?: unknown }
  const same =
    (given: unknown, algorithm: string) =>
    ({ certificate }: HeldCertificate): boolean =>
      typeof given === 'string' &&
      given.length <= 64 &&
      given.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_') ===
        createHash(algorithm).update(certificate.raw).digest('base64url')
  return certificates.find(same(header['x5t#S256'], 'sha256')) ?? certificates.find(same(header.x5t, 'sha1'))
}

/** Who an assertion says it is from; for requests that don't say it themselves. */
export function issuerOf(assertion: string): string | undefined {
  try {
    const { iss } = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      iss?: unknown
    }
    return typeof iss === 'string' ? iss : undefined
  } catch {
    return undefined
  }
}
