import { Fault } from '../fault.ts'
import type { AsymmetricShape, Curve, KeyShape } from './key.ts'

/**
 * Which algorithm fits which key, what it is for, and how long what goes into it may be. Pure, and the same for keys in
 * software and in a hardware module; the names are Key Vault's (JWA, RFC 7518, with a few of its own).
 */
export const keyOperations = ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey'] as const
export type KeyOperation = (typeof keyOperations)[number]
export type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512'

type For<Type extends KeyShape['type']> = {
  readonly name: string
  readonly type: Type
  readonly operations: readonly KeyOperation[]
}
export type Algorithm =
  | (For<'RSA'> & { readonly scheme: 'RSAES-PKCS1' })
  | (For<'RSA'> & { readonly scheme: 'RSAES-OAEP'; readonly hash: Hash })
  | (For<'RSA'> & { readonly scheme: 'RSASSA-PKCS1' | 'RSASSA-PSS'; readonly hash: Hash })
  /** PKCS#1 v1.5 around the bytes as they are, without the name of a hash (TLS before 1.2 signs so). */
  | (For<'RSA'> & { readonly scheme: 'RSASSA-bare' })
  | (For<'EC'> & { readonly scheme: 'ECDSA'; readonly hash: Hash; readonly curve: Curve })
  | (For<'oct'> & { readonly scheme: 'GCM' | 'CBC' | 'CBC-PAD' | 'KW' | 'KWP'; readonly bits?: number })
  | (For<'oct'> & { readonly scheme: 'HMAC'; readonly hash: Hash })

export const hashBytes: Readonly<Record<Hash, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }
const wrapBlockBytes = 8
export const aesBlockBytes = 16

const conceals = ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'] as const
const encrypts = ['encrypt', 'decrypt'] as const
const wraps = ['wrapKey', 'unwrapKey'] as const
const signs = ['sign', 'verify'] as const

const table: readonly Algorithm[] = [
  { name: 'RSA1_5', type: 'RSA', scheme: 'RSAES-PKCS1', operations: conceals },
  { name: 'RSA-OAEP', type: 'RSA', scheme: 'RSAES-OAEP', hash: 'sha1', operations: conceals },
  { name: 'RSA-OAEP-256', type: 'RSA', scheme: 'RSAES-OAEP', hash: 'sha256', operations: conceals },
  { name: 'RS256', type: 'RSA', scheme: 'RSASSA-PKCS1', hash: 'sha256', operations: signs },
  { name: 'RS384', type: 'RSA', scheme: 'RSASSA-PKCS1', hash: 'sha384', operations: signs },
  { name: 'RS512', type: 'RSA', scheme: 'RSASSA-PKCS1', hash: 'sha512', operations: signs },
  { name: 'PS256', type: 'RSA', scheme: 'RSASSA-PSS', hash: 'sha256', operations: signs },
  { name: 'PS384', type: 'RSA', scheme: 'RSASSA-PSS', hash: 'sha384', operations: signs },
  { name: 'PS512', type: 'RSA', scheme: 'RSASSA-PSS', hash: 'sha512', operations: signs },
  { name: 'RSNULL', type: 'RSA', scheme: 'RSASSA-bare', operations: signs },
  { name: 'ES256', type: 'EC', scheme: 'ECDSA', curve: 'P-256', hash: 'sha256', operations: signs },
  { name: 'ES256K', type: 'EC', scheme: 'ECDSA', curve: 'P-256K', hash: 'sha256', operations: signs },
  { name: 'ES384', type: 'EC', scheme: 'ECDSA', curve: 'P-384', hash: 'sha384', operations: signs },
  { name: 'ES512', type: 'EC', scheme: 'ECDSA', curve: 'P-521', hash: 'sha512', operations: signs },
  ...[128, 192, 256].flatMap((bits): Algorithm[] => [
    { name: `A${bits}GCM`, type: 'oct', scheme: 'GCM', bits, operations: encrypts },
    { name: `A${bits}CBC`, type: 'oct', scheme: 'CBC', bits, operations: encrypts },
    { name: `A${bits}CBCPAD`, type: 'oct', scheme: 'CBC-PAD', bits, operations: encrypts },
    { name: `A${bits}KW`, type: 'oct', scheme: 'KW', bits, operations: wraps },
  ]),
  { name: 'CKM_AES_KEY_WRAP', type: 'oct', scheme: 'KW', operations: wraps },
  { name: 'CKM_AES_KEY_WRAP_PAD', type: 'oct', scheme: 'KWP', operations: wraps },
  { name: 'HS256', type: 'oct', scheme: 'HMAC', hash: 'sha256', operations: signs },
  { name: 'HS384', type: 'oct', scheme: 'HMAC', hash: 'sha384', operations: signs },
  { name: 'HS512', type: 'oct', scheme: 'HMAC', hash: 'sha512', operations: signs },
]
const byName: ReadonlyMap<string, Algorithm> = new Map(table.map((algorithm) => [algorithm.name, algorithm]))

/** How long a coordinate of a point on the curve is, and each half of a signature. */
export const coordinateBytes: Readonly<Record<Curve, number>> = { 'P-256': 32, 'P-256K': 32, 'P-384': 48, 'P-521': 66 }

/** How long each signature of such an asymmetric key is. */
export const signatureBytes = (shape: AsymmetricShape): number =>
  shape.type === 'RSA' ? shape.bits / 8 : 2 * coordinateBytes[shape.curve]

/** What a key of this shape can be used with for an operation, by name. */
export const algorithmsFor = (shape: KeyShape, operation: KeyOperation): readonly string[] =>
  table.filter((algorithm) => fits(algorithm, shape, operation)).map(({ name }) => name)

function fits(algorithm: Algorithm, shape: KeyShape, operation: KeyOperation): boolean {
  if (algorithm.type !== shape.type || !algorithm.operations.includes(operation)) return false
  if (algorithm.scheme === 'ECDSA') return shape.type === 'EC' && algorithm.curve === shape.curve
  if (algorithm.type !== 'oct' || algorithm.scheme === 'HMAC' || algorithm.bits === undefined) return true
  return shape.type === 'oct' && algorithm.bits === shape.bits
}

/**
 * The algorithm of a name, if a key of this shape can do the operation with it and, where a value is given, with a value
 * of that length: the digest to sign or verify, what to encrypt or wrap, what to decrypt or unwrap.
 */
export function checkAlgorithm(
  shape: KeyShape,
  operation: KeyOperation,
  algorithm: string,
  value?: Uint8Array,
): Algorithm {
  const found = byName.get(algorithm)
  if (found === undefined || !fits(found, shape, operation)) {
    const names = algorithmsFor(shape, operation).join(', ')
    throw new Fault(
      'invalid',
      names === ''
        ? `A key of type ${nameOf(shape)} can't be used for ${operation}.`
        : `A key of type ${nameOf(shape)} can be used for ${operation} with one of: ${names}.`,
      { where: 'alg' },
    )
  }
  const wrong = value === undefined ? undefined : wantedLength(found, shape, operation, value.length)
  if (value !== undefined && wrong !== undefined) {
    throw new Fault('invalid', `Invalid length of the value: ${value.length} bytes. ${found.name} requires ${wrong}.`, {
      where: operation === 'verify' ? 'digest' : 'value',
    })
  }
  return found
}

/** A shape in a word: `RSA-2048`, `P-256`, `oct-256`. */
export const nameOf = (shape: KeyShape): string => (shape.type === 'EC' ? shape.curve : `${shape.type}-${shape.bits}`)

/** In words what lengths are right, if this one isn't. */
function wantedLength(
  algorithm: Algorithm,
  shape: KeyShape,
  operation: KeyOperation,
  bytes: number,
): string | undefined {
  const forward = operation === 'encrypt' || operation === 'wrapKey'
  if (algorithm.type === 'RSA' && shape.type === 'RSA') {
    const modulusBytes = shape.bits / 8
    if (algorithm.scheme === 'RSASSA-PKCS1' || algorithm.scheme === 'RSASSA-PSS') {
      return exactly(hashBytes[algorithm.hash], bytes)
    }
    if (operation === 'decrypt' || operation === 'unwrapKey') return exactly(modulusBytes, bytes)
    return atMost(modulusBytes - overheadBytes(algorithm), bytes)
  }
  switch (algorithm.scheme) {
    case 'ECDSA':
      return exactly(hashBytes[algorithm.hash], bytes)
    case 'CBC':
      return blocks(aesBlockBytes, 1, bytes)
    case 'CBC-PAD':
      return forward ? undefined : blocks(aesBlockBytes, 1, bytes)
    case 'KW': // RFC 3394, 2: two blocks or more, and one more once it is wrapped.
      return blocks(wrapBlockBytes, forward ? 2 : 3, bytes)
    case 'KWP': // RFC 5649, 3 and 4: one byte or more; wrapped, two blocks or more.
      return forward ? (bytes > 0 ? undefined : 'at least 1 byte') : blocks(wrapBlockBytes, 2, bytes)
    default:
      return undefined
  }
}

/** What the padding takes of an RSA block (RFC 8017, 7.1.1, 7.2.1 and 9.2). */
const overheadBytes = (algorithm: Algorithm): number =>
  algorithm.scheme === 'RSAES-OAEP' ? 2 * hashBytes[algorithm.hash] + 2 : 11

const exactly = (wanted: number, bytes: number): string | undefined =>
  bytes === wanted ? undefined : `${wanted} bytes, encoded with base64url`
const atMost = (max: number, bytes: number): string | undefined => (bytes <= max ? undefined : `at most ${max} bytes`)
const blocks = (blockBytes: number, least: number, bytes: number): string | undefined =>
  bytes % blockBytes === 0 && bytes >= least * blockBytes
    ? undefined
    : `a multiple of ${blockBytes} bytes, and at least ${least * blockBytes}`
