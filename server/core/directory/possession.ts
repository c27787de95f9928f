import { createHash } from 'node:crypto'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import type { Turn } from '#base/database.ts'
import { Fault } from '#base/fault.ts'
import { mayUseAssertion } from '#core/identity/assertions.ts'
import { certificatesOf, type HeldCertificate, publicKeyOf } from '#core/identity/directory.ts'
import type { Keyring } from '#core/sealing/keyring.ts'

/** A token by which somebody shows that a key of a holder is at hand, and from where it came. */
export type ProofOfPossession = {
  /** The object id of the application or the service principal. */
  readonly holder: string
  readonly token: string
  readonly address: string
}

/** Graph's application id, and that of the older directory, which its proofs were made out to before. */
const audience = ['00000003-0000-0000-c000-000000000000', '00000002-0000-0000-c000-000000000000']
const lifeMaxSeconds = 600
const toleranceSeconds = 300

type Hands = { readonly turn: Turn; readonly keyring: Keyring }

/**
 * Throws unless a token is signed by the key of a certificate with which the holder may sign now: made out to Graph, from the
 * holder, for ten minutes at most. It belongs to the network that used it first, as other assertions do: with the same one
 * a key is often added and the one before it removed.
 */
export async function refuseUnproven({ turn, keyring }: Hands, proof: ProofOfPossession): Promise<void> {
  const { holder, token, address } = proof
  for (const { certificate } of named(token, await certificatesOf(turn.sql, keyring, { objectId: holder }, turn.at))) {
    const read = await jwtVerify(token, publicKeyOf(certificate), {
      algorithms: ['RS256', 'PS256'],
      issuer: holder,
      audience,
      requiredClaims: ['nbf', 'exp'],
      clockTolerance: toleranceSeconds,
      currentDate: new Date(turn.at),
    }).catch(() => undefined)
    if (read === undefined) continue
    const { nbf = 0, exp = 0, jti } = read.payload
    if (exp - nbf > lifeMaxSeconds) break
    const ends = Math.ceil((exp + toleranceSeconds) * 1000)
    if (await mayUseAssertion(turn, keyring, { issuer: holder, id: jti, assertion: token, address, ends })) return
    break
  }
  throw new Fault(
    'invalid',
    'The proof must be a JWT signed by the key of a certificate that is valid here now: aud 00000003-0000-0000-c000-000000000000, iss the object id of the holder, nbf and exp at most ten minutes apart.',
    { where: 'proof' },
  )
}

/** Those whose key a token says that it was signed with; all, where it doesn't say. */
function named(token: string, held: readonly HeldCertificate[]): readonly HeldCertificate[] {
  let header: { readonly x5t?: unknown; readonly 'x5t#S256'?: unknown }
  try {
    header = decodeProtectedHeader(token)
  } catch {
    return []
  }
  const by = (thumbprint: unknown, algorithm: string) =>
    held.filter(({ certificate }) => createHash(algorithm).update(certificate.raw).digest('base64url') === thumbprint)
  if (header['x5t#S256'] !== undefined) return by(header['x5t#S256'], 'sha256')
  return header.x5t === undefined ? held : by(header.x5t, 'sha1')
}
