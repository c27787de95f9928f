import { p256, p384, p521 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Curve } from './key.ts'

/**
 * ECDSA over a digest that somebody else has made. Node's own ECDSA always hashes what it is given, so this is a library's
 * (docs/decisions/037). A signature is r, then s, each as long as the curve's order.
 */
const mathematics = { 'P-256': p256, 'P-256K': secp256k1, 'P-384': p384, 'P-521': p521 } as const

/**
 * Signs with the number d. The nonce comes from the key, the digest and fresh randomness together (RFC 6979, 3.6): it is never
 * used twice, neither with a poor source of randomness nor when the machine errs.
 */
export const ecdsaSignature = (curve: Curve, d: Uint8Array, digest: Uint8Array): Uint8Array =>
  mathematics[curve].sign(digest, d, { prehash: false, extraEntropy: true })

/** Whether a signature is of this key. Both of the two values that s may have are good: JOSE asks for neither. */
export const isEcdsaSignature = (curve: Curve, point: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean =>
  mathematics[curve].verify(signature, digest, point, { prehash: false, lowS: false })

/** A signature as X.509 and TLS write it: a sequence of the two numbers (RFC 3279, 2.2.3). */
export const derSignature = (curve: Curve, signature: Uint8Array): Uint8Array =>
  mathematics[curve].Signature.fromBytes(signature).toBytes('der')
