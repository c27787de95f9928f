import {
  constants,
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  privateEncrypt,
} from 'node:crypto'
import { Fault } from '../fault.ts'
import { type Algorithm, checkAlgorithm, nameOf } from './algorithms.ts'
import { ecdsaSignature } from './ecdsa.ts'
import { type AsymmetricShape, type Curve, checkShape, type KeptKey, type KeyShape } from './key.ts'
import { curveNames, keptKeyOf } from './private-jwk.ts'
import { paddingOf } from './public-part.ts'
import { bareOf, pkcs1Of, pssOf } from './rsa-padding.ts'

/** What is done with a private key in software. It holds a thread up, so only threads of its own do it. */

const publicExponent = 65_537
/** Keys that were used last stay opened: reading a PKCS#8 costs as much as a tenth of a signature. */
const warmMax = 256

type Warm =
  | { readonly type: 'RSA'; readonly bytes: number; readonly key: KeyObject }
  | { readonly type: 'EC'; readonly curve: Curve; readonly d: Uint8Array }
type Kept = Pick<KeptKey, 'shape' | 'secret'>

/** A fresh key. */
export function generated(shape: AsymmetricShape): KeptKey {
  checkShape(shape)
  const { privateKey } =
    shape.type === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: shape.bits, publicExponent })
      : generateKeyPairSync('ec', { namedCurve: curveNames[shape.curve].openssl })
  return keptKeyOf(shape, privateKey)
}

/** Private keys that were used last, opened, and known by the hash of what they are kept as. */
export class WarmKeys {
  readonly #max: number
  readonly #keys = new Map<string, Warm>()

  constructor(max = warmMax) {
    this.#max = max
  }

  /** Signs a digest. */
  signature({ shape, secret }: Kept, algorithm: string, digest: Uint8Array): Uint8Array {
    const found = checkAlgorithm(shape, 'sign', algorithm, digest)
    const key = this.#opened(shape, secret)
    if (key.type === 'EC') return ecdsaSignature(key.curve, key.d, digest)
    const encoded = encodedFor(found, digest, key.bytes)
    return privateEncrypt({ key: key.key, padding: constants.RSA_NO_PADDING }, encoded)
  }

  /** Decrypts or unwraps one block. */
  decrypted({ shape, secret }: Kept, algorithm: string, cipher: Uint8Array): Uint8Array {
    const found = checkAlgorithm(shape, 'decrypt', algorithm, cipher)
    const key = this.#opened(shape, secret)
    if (key.type !== 'RSA') throw new Error('Nothing but RSA decrypts here.')
    try {
      return privateDecrypt({ key: key.key, ...paddingOf(found) }, cipher)
    } catch {
      // One answer to everything: what is wrong with a ciphertext would help to decrypt it without the key (Manger 2001). With
      // RSA1_5 OpenSSL gives random bytes instead of an error, which tells less still (Bleichenbacher 1998).
      throw new Fault('invalid', 'The value does not decrypt with this key and algorithm.', { where: 'value' })
    }
  }

  #opened(shape: KeyShape, secret: Uint8Array): Warm {
    const name = `${nameOf(shape)} ${createHash('sha256').update(secret).digest('base64')}`
    const key = this.#keys.get(name) ?? opened(shape, secret)
    this.#keys.delete(name)
    this.#keys.set(name, key)
    for (const [oldest, old] of this.#keys) {
      if (this.#keys.size <= this.#max) break
      if (old.type === 'EC') old.d.fill(0)
      this.#keys.delete(oldest)
    }
    return key
  }
}

function opened(shape: KeyShape, secret: Uint8Array): Warm {
  if (shape.type === 'oct') throw new Error('Symmetric keys are not opened here.')
  const key = createPrivateKey({
    key: Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength),
    format: 'der',
    type: 'pkcs8',
  })
  if (!isOf(shape, key)) throw new Error('What is kept is a key of another kind.')
  if (shape.type === 'RSA') return { type: 'RSA', bytes: shape.bits / 8, key }
  // ECPrivateKey (RFC 5915, 3): a sequence that begins with the number 1 and then has d, in as many bytes as the order.
  const der = key.export({ format: 'der', type: 'sec1' })
  const at = (der[1] as number) < 0x80 ? 6 : 7
  const d = Uint8Array.from(der.subarray(at + 1, at + 1 + (der[at] as number)))
  der.fill(0)
  return { type: 'EC', curve: shape.curve, d }
}

function isOf(shape: AsymmetricShape, { asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  return shape.type === 'RSA'
    ? asymmetricKeyType === 'rsa' && asymmetricKeyDetails?.modulusLength === shape.bits
    : asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === curveNames[shape.curve].openssl
}

function encodedFor(algorithm: Algorithm, digest: Uint8Array, bytes: number): Buffer {
  switch (algorithm.scheme) {
    case 'RSASSA-PKCS1':
      return pkcs1Of(algorithm.hash, digest, bytes)
    case 'RSASSA-PSS':
      return pssOf(algorithm.hash, digest, bytes)
    case 'RSASSA-bare':
      return bareOf(digest, bytes)
    default:
      throw new Error(`${algorithm.name} signs nothing with RSA.`)
  }
}
