import { constants, createPublicKey, publicDecrypt, publicEncrypt } from 'node:crypto'
import { Fault } from '../fault.ts'
import { type Algorithm, checkAlgorithm, coordinateBytes, signatureBytes } from './algorithms.ts'
import { isEcdsaSignature } from './ecdsa.ts'
import { octetsOf } from './jwk-numbers.ts'
import type { KeyShape, PublicPart } from './key.ts'
import { bareOf, isPssOf, pkcs1Of } from './rsa-padding.ts'

/**
 * What is done with the part of a key that everybody may have: verifying, and encrypting for its holder. Here it is done for
 * keys in software and in a hardware module alike, by their threads: an ECDSA verification takes milliseconds.
 */
type PublicKey = { readonly shape: KeyShape; readonly publicPart: PublicPart }
type RsaPublic = Extract<PublicPart, { kty: 'RSA' }>
type EcPublic = Extract<PublicPart, { kty: 'EC' }>

/** Whether a signature is of this key and digest. */
export function isSignature(
  { shape, publicPart }: PublicKey,
  algorithm: string,
  digest: Uint8Array,
  signature: Uint8Array,
): boolean {
  const found = checkAlgorithm(shape, 'verify', algorithm, digest)
  if (shape.type === 'oct' || publicPart.kty === 'oct') throw withoutPublicPart()
  if (signature.length !== signatureBytes(shape)) return false
  if (publicPart.kty === 'EC') return isEcdsaSignature(publicPart.crv, pointOf(publicPart), digest, signature)
  const encoded = raised(publicPart, signature)
  if (encoded === undefined) return false
  switch (found.scheme) {
    case 'RSASSA-PSS':
      return isPssOf(found.hash, digest, encoded)
    // What is expected is encoded and compared as a whole (RFC 8017, 8.2.2): a padding that is taken apart has been
    // taken apart wrongly too often.
    case 'RSASSA-PKCS1':
      return encoded.equals(pkcs1Of(found.hash, digest, encoded.length))
    case 'RSASSA-bare':
      return encoded.equals(bareOf(digest, encoded.length))
    default:
      return false
  }
}

/** What only the holder of an RSA key can decrypt or unwrap. */
export function encryptedFor({ shape, publicPart }: PublicKey, algorithm: string, plain: Uint8Array): Uint8Array {
  const found = checkAlgorithm(shape, 'encrypt', algorithm, plain)
  if (publicPart.kty !== 'RSA') throw withoutPublicPart()
  return publicEncrypt({ key: rsaKeyOf(publicPart), ...paddingOf(found) }, plain)
}

/** How Node is told of an algorithm that conceals. */
export const paddingOf = (algorithm: Algorithm) =>
  algorithm.scheme === 'RSAES-OAEP'
    ? { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: algorithm.hash }
    : { padding: constants.RSA_PKCS1_PADDING }

const rsaKeyOf = ({ n, e }: RsaPublic) => createPublicKey({ key: { kty: 'RSA', n, e }, format: 'jwk' })

/** The number to the power of the public exponent, unless it is no less than the modulus (RSAVP1: RFC 8017, 5.2.2). */
function raised(key: RsaPublic, signature: Uint8Array): Buffer | undefined {
  const modulus = octetsOf(key.n, signature.length)
  if (modulus === undefined || Buffer.compare(signature, modulus) >= 0) return undefined
  return publicDecrypt({ key: rsaKeyOf(key), padding: constants.RSA_NO_PADDING }, signature)
}

/** The point, uncompressed (SEC 1, 2.3.3); too short to be one if a coordinate is too long. */
function pointOf({ crv, x, y }: EcPublic): Uint8Array {
  const coordinates = [x, y].flatMap((text) => octetsOf(text, coordinateBytes[crv]) ?? [])
  return Buffer.concat([Buffer.of(4), ...coordinates])
}

const withoutPublicPart = (): Fault => new Fault('invalid', 'A key of this type has no public part.', { where: 'kty' })
