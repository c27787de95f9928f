import { checkPrimeSync, createECDH, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { Fault } from '../fault.ts'
import { coordinateBytes } from './algorithms.ts'
import { numberOf, octetsOf, textOf } from './jwk-numbers.ts'
import {
  type AsymmetricShape,
  type Curve,
  checkShape,
  curves,
  ecMembers,
  type KeptKey,
  type PrivateJwk,
  type PublicPart,
  rsaMembers,
} from './key.ts'

/**
 * Keys that were made elsewhere, taken apart and looked at before anything is done with them: whoever imports a key that doesn't hold
 * together learns it now, and not when somebody else can't decrypt.
 */

/** What the curves are called by OpenSSL, and by JWKs of others (RFC 8812, 3.1). */
export const curveNames = {
  'P-256': { openssl: 'prime256v1', jwk: 'P-256' },
  'P-256K': { openssl: 'secp256k1', jwk: 'secp256k1' },
  'P-384': { openssl: 'secp384r1', jwk: 'P-384' },
  'P-521': { openssl: 'secp521r1', jwk: 'P-521' },
} as const satisfies Record<Curve, { openssl: string; jwk: string }>

/** As many as the longest number of a key of 4096 bits has in base64url, and room for zeros in front. */
const memberCharsMax = 700
/** OpenSSL verifies with no longer one beside a large modulus, and a long one makes each verification as slow as a signature. */
const exponentBitsMax = 64

/** An imported key as it is kept; of a symmetric one the secret is its bytes. Primes are looked at, so this takes a while. */
export function keyOfJwk(jwk: PrivateJwk): KeptKey {
  switch (jwk.kty) {
    case 'RSA':
      return rsaKey(jwk)
    case 'EC':
      return ecKey(jwk)
    case 'oct': {
      const { k } = membersOf(jwk, ['k'])
      const secret = Buffer.from(k, 'base64url')
      const shape = { type: 'oct', bits: secret.length * 8 } as const
      checkShape(shape)
      return { shape, publicPart: { kty: 'oct' }, secret }
    }
    default:
      throw new Fault('invalid', 'The kty of a key is RSA, EC or oct.', { where: 'kty' })
  }
}

/** The PKCS#8 of a private key, and what everybody may have of it. */
export function keptKeyOf(shape: AsymmetricShape, key: KeyObject): KeptKey {
  return { shape, publicPart: publicPartOf(shape, key), secret: key.export({ format: 'der', type: 'pkcs8' }) }
}

function publicPartOf(shape: AsymmetricShape, key: KeyObject): PublicPart {
  const { n = '', e = '', x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' })
  return shape.type === 'RSA' ? { kty: 'RSA', n, e } : { kty: 'EC', crv: shape.curve, x, y }
}

function rsaKey(jwk: Extract<PrivateJwk, { kty: 'RSA' }>): KeptKey {
  const members = membersOf(jwk, rsaMembers)
  const [n, e, d, p, q, dp, dq, qi] = rsaMembers.map((name) => numberOf(members[name])) as RsaNumbers
  const shape = { type: 'RSA', bits: bitsOf(n) } as const
  checkShape(shape)
  if (e % 2n === 0n || e < 3n || bitsOf(e) > exponentBitsMax) {
    throw new Fault('invalid', `The public exponent of an RSA key is odd and has at most ${exponentBitsMax} bits.`, {
      where: 'e',
    })
  }
  const half = shape.bits / 2
  const belong =
    p * q === n &&
    p !== q &&
    bitsOf(p) === half &&
    bitsOf(q) === half &&
    d < n &&
    (d * e) % (p - 1n) === 1n &&
    (d * e) % (q - 1n) === 1n &&
    dp === d % (p - 1n) &&
    dq === d % (q - 1n) &&
    qi < p &&
    (qi * q) % p === 1n
  if (!belong || !isPrime(p) || !isPrime(q)) throw apart('RSA')
  const plain = Object.fromEntries(rsaMembers.map((name) => [name, textOf(numberOf(members[name]))]))
  return keptKeyOf(shape, privateKey({ kty: 'RSA', ...plain }))
}

type RsaNumbers = [n: bigint, e: bigint, d: bigint, p: bigint, q: bigint, dp: bigint, dq: bigint, qi: bigint]

const bitsOf = (number: bigint): number => (number === 0n ? 0 : number.toString(2).length)

const isPrime = (number: bigint): boolean => checkPrimeSync(number)

function ecKey(jwk: Extract<PrivateJwk, { kty: 'EC' }>): KeptKey {
  const members = membersOf(jwk, ecMembers)
  const curve = curves.find((name) => jwk.crv === name || jwk.crv === curveNames[name].jwk)
  if (curve === undefined) {
    throw new Fault('invalid', `The curve of an EC key is one of ${curves.join(', ')}.`, { where: 'crv' })
  }
  const [x, y, d] = ecMembers.map((name) => octetsOf(members[name], coordinateBytes[curve]))
  if (x === undefined || y === undefined || d === undefined) throw apart('EC')
  // The point that belongs to d is on the curve, so one that equals it is, too.
  if (!pointFor(curve, d)?.equals(Buffer.concat([Buffer.of(4), x, y]))) throw apart('EC')
  const [xText, yText, dText] = [x, y, d].map((octets) => octets.toString('base64url'))
  d.fill(0)
  return keptKeyOf(
    { type: 'EC', curve },
    privateKey({ kty: 'EC', crv: curveNames[curve].jwk, x: xText, y: yText, d: dText }),
  )
}

/** The public point of a private number, if the curve has such a number. */
function pointFor(curve: Curve, d: Buffer): Buffer | undefined {
  const pair = createECDH(curveNames[curve].openssl)
  try {
    pair.setPrivateKey(d)
  } catch {
    return undefined
  }
  return pair.getPublicKey()
}

const privateKey = (jwk: Record<string, string | undefined>): KeyObject => createPrivateKey({ key: jwk, format: 'jwk' })

/** The members that a key must have, each a number in base64url. What was sent is never repeated in what is said of it. */
function membersOf<Name extends string>(
  jwk: { readonly [name in Name]?: string | undefined },
  names: readonly Name[],
): Record<Name, string> {
  const members = names.map((name): [Name, string] => {
    const text: unknown = jwk[name]
    if (text === undefined || text === null || text === '') {
      throw new Fault('invalid', `A private key has ${names.join(', ')}. This one has no ${name}.`, { where: name })
    }
    if (typeof text !== 'string' || text.length > memberCharsMax || !/^[\w-]+={0,2}$/.test(text)) {
      throw new Fault('invalid', `${name} of the key is not a number in base64url, or too long.`, { where: name })
    }
    return [name, text]
  })
  return Object.fromEntries(members) as Record<Name, string>
}

const apart = (kty: string): Fault =>
  new Fault('invalid', `The parts of the ${kty} key don't belong together, or are no such key.`, { where: 'key' })
