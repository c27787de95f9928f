import { type Algorithm, algorithmsFor, checkAlgorithm, type Hash, hashBytes } from '../algorithms.ts'
import type { Curve, KeyShape } from '../key.ts'
import { digestInfoOf } from '../rsa-padding.ts'
import type { Mechanism } from './cryptoki.ts'
import { CKG, CKM, CKZ_DATA_SPECIFIED } from './numbers.ts'

/** How the algorithms of keys are said to a module. */

const hashes = {
  sha1: { mechanism: CKM.SHA_1, mask: CKG.MGF1_SHA1, hmac: 'SHA_1_HMAC' },
  sha256: { mechanism: CKM.SHA256, mask: CKG.MGF1_SHA256, hmac: 'SHA256_HMAC' },
  sha384: { mechanism: CKM.SHA384, mask: CKG.MGF1_SHA384, hmac: 'SHA384_HMAC' },
  sha512: { mechanism: CKM.SHA512, mask: CKG.MGF1_SHA512, hmac: 'SHA512_HMAC' },
} as const satisfies Record<Hash, unknown>

/** The curves' object identifiers in DER: CKA_EC_PARAMS. */
export const curveParameters: Readonly<Record<Curve, Buffer>> = {
  'P-256': Buffer.from('06082a8648ce3d030107', 'hex'),
  'P-256K': Buffer.from('06052b8104000a', 'hex'),
  'P-384': Buffer.from('06052b81040022', 'hex'),
  'P-521': Buffer.from('06052b81040023', 'hex'),
}

const gcmTagBits = 128

const nothing = new Uint8Array()

/** The mechanism of an algorithm; `iv` and `aad` are for symmetric ciphers. */
export function mechanismOf(algorithm: Algorithm, iv: Uint8Array = nothing, aad: Uint8Array = nothing): Mechanism {
  switch (algorithm.scheme) {
    case 'RSAES-PKCS1':
    case 'RSASSA-PKCS1':
    case 'RSASSA-bare':
      return { name: 'RSA_PKCS' }
    case 'RSAES-OAEP': {
      const { mechanism, mask } = hashes[algorithm.hash]
      return { name: 'RSA_PKCS_OAEP', parameter: [mechanism, mask, CKZ_DATA_SPECIFIED, new Uint8Array(), 0] }
    }
    case 'RSASSA-PSS': {
      const { mechanism, mask } = hashes[algorithm.hash]
      return { name: 'RSA_PKCS_PSS', parameter: [mechanism, mask, hashBytes[algorithm.hash]] }
    }
    case 'ECDSA':
      return { name: 'ECDSA' }
    case 'GCM':
      return { name: 'AES_GCM', parameter: [iv, iv.length, 8 * iv.length, aad, aad.length, gcmTagBits] }
    case 'CBC':
      return { name: 'AES_CBC', parameter: iv }
    case 'CBC-PAD':
      return { name: 'AES_CBC_PAD', parameter: iv }
    case 'KW':
      return { name: 'AES_KEY_WRAP' }
    // Modules differ in what AES_KEY_WRAP_PAD is, and SoftHSM leaves the padding in what it unwraps; this one is RFC 5649.
    case 'KWP':
      return { name: 'AES_KEY_WRAP_KWP' }
    case 'HMAC':
      return { name: hashes[algorithm.hash].hmac }
  }
}

/** What the module is given to sign for a digest. */
export const signedBytes = (algorithm: Algorithm, digest: Uint8Array): Uint8Array =>
  algorithm.scheme === 'RSASSA-PKCS1' ? digestInfoOf(algorithm.hash, digest) : digest

/** How long what an algorithm signs is; RSNULL takes any length. */
export const digestBytesOf = (algorithm: Algorithm): number => ('hash' in algorithm ? hashBytes[algorithm.hash] : 0)

/** The algorithm that encrypts or decrypts. To this door wrapping is the same, but there are algorithms that only wrap. */
export function cipherOf(shape: KeyShape, way: 'encrypt' | 'decrypt', name: string, value: Uint8Array): Algorithm {
  const wraps = algorithmsFor(shape, 'wrapKey').includes(name)
  const wrapping = way === 'encrypt' ? 'wrapKey' : 'unwrapKey'
  return checkAlgorithm(shape, wraps ? wrapping : way, name, value)
}
