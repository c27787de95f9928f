import { randomBytes } from 'node:crypto'
import { Fault } from '../../fault.ts'
import { type Algorithm, aesBlockBytes, algorithmsFor, checkAlgorithm, nameOf } from '../algorithms.ts'
import type { AsymmetricShape, Enciphered, KeptKey, KeyShape, PrivateJwk } from '../key.ts'
import { keyOfJwk } from '../private-jwk.ts'
import { isSignature } from '../public-part.ts'
import { CryptokiError, type Handle, type Mechanism } from './cryptoki.ts'
import { HeldKeys } from './held-keys.ts'
import { componentsOf, kindOf, publicTemplate, secretInSession, type Use } from './key-templates.ts'
import type { Template } from './layout.ts'
import { cipherOf, digestBytesOf, mechanismOf, signedBytes } from './mechanisms.ts'
import { CKA, CKK, CKO } from './numbers.ts'
import { publicPartIn } from './public-attributes.ts'
import type { Token } from './token.ts'
import { bytesOfWrapped, type WrapMechanism, wrappedIn } from './wrapped-key.ts'
import { type WrappingKey, wrappingKeyNamed, wrappingKeyOf } from './wrapping-key.ts'

type Kept = Pick<KeptKey, 'shape' | 'secret'>

/**
 * What is done with keys inside an open token. A key is made there as an object of the session, wrapped there by the
 * wrapping key, and taken away; to be used it is unwrapped there again, as one that can't leave.
 */
export class TokenKeys {
  readonly #token: Token
  readonly #wrapping: WrappingKey
  readonly #held: HeldKeys
  private constructor(token: Token, wrapping: WrappingKey, heldMax: number) {
    this.#token = token
    this.#wrapping = wrapping
    this.#held = new HeldKeys(token, heldMax)
  }

  static async in(token: Token, heldMax: number): Promise<TokenKeys> {
    return new TokenKeys(token, await wrappingKeyOf(token), heldMax)
  }

  /** Makes a key, and has it used once: what is kept must be what the token can use. */
  generate(shape: KeyShape): KeptKey {
    const kept = shape.type === 'oct' ? this.#generateSecret(shape) : this.#generatePair(shape)
    this.#prove(kept)
    return kept
  }

  /** Takes a key in that was made elsewhere, and has it used once: the token must have understood it. */
  adopt(jwk: PrivateJwk): KeptKey {
    const { cryptoki, session } = this.#token
    const { shape, publicPart, secret: plain } = keyOfJwk(jwk)
    const kind = kindOf(shape, shape.type === 'oct' ? 'cipher' : 'pair')
    try {
      const template: Template = [...kind, ...componentsOf(shape, plain), ...this.#leavesWrapped]
      const key = accepted(ofType(shape), () => cryptoki.create(session, template), 'kty')
      const kept: KeptKey = { shape, publicPart, secret: this.#takenAway(key) }
      this.#prove(kept)
      return kept
    } finally {
      plain.fill(0)
    }
  }

  #generateSecret(shape: Extract<KeyShape, { type: 'oct' }>): KeptKey {
    const { cryptoki, session } = this.#token
    const by = this.#offered(ofType(shape), { name: 'AES_KEY_GEN' }, 'kty')
    const template: Template = [...kindOf(shape, 'cipher'), [CKA.VALUE_LEN, shape.bits / 8], ...this.#leavesWrapped]
    const key = accepted(ofType(shape), () => cryptoki.generateKey(session, by, template), 'kty')
    return { shape, publicPart: { kty: 'oct' }, secret: this.#takenAway(key) }
  }

  #generatePair(shape: AsymmetricShape): KeptKey {
    const { cryptoki, session } = this.#token
    const name = shape.type === 'RSA' ? 'RSA_PKCS_KEY_PAIR_GEN' : 'EC_KEY_PAIR_GEN'
    const by = this.#offered(ofType(shape), { name }, 'kty')
    const template: Template = [...kindOf(shape, 'pair'), ...this.#leavesWrapped]
    const { publicKey, privateKey } = accepted(
      ofType(shape),
      () => cryptoki.generateKeyPair(session, by, publicTemplate(shape), template),
      'kty',
    )
    try {
      return { shape, publicPart: publicPartIn(this.#token, publicKey, shape), secret: this.#takenAway(privateKey) }
    } finally {
      cryptoki.destroy(session, publicKey)
    }
  }

  #prove(kept: KeptKey): void {
    if (kept.shape.type === 'oct') return void this.#hold(kept, 'cipher')
    const found = algorithmsFor(kept.shape, 'sign')
      .map((name) => checkAlgorithm(kept.shape, 'sign', name))
      .find((algorithm) => this.#token.offers(mechanismOf(algorithm).name))
    if (found === undefined) return void this.#hold(kept, 'pair')
    const digest = randomBytes(digestBytesOf(found))
    if (isSignature(kept, found.name, digest, this.sign(kept, found.name, digest))) return
    throw new Fault('unavailable', 'The hardware module keeps another key than the one that it made or was given.')
  }

  sign(key: Kept, algorithmName: string, digest: Uint8Array): Uint8Array {
    const { cryptoki, session } = this.#token
    const algorithm = checkAlgorithm(key.shape, 'sign', algorithmName, digest)
    const by = this.#offered(algorithm.name, mechanismOf(algorithm))
    const handle = this.#hold(key, algorithm.scheme === 'HMAC' ? 'hmac' : 'pair')
    accepted(asked(algorithm, by), () => cryptoki.beginSigning(session, by, handle))
    return cryptoki.sign(session, signedBytes(algorithm, digest))
  }

  /** Encrypts or wraps with a symmetric key: what is done with the public half of a pair needs no module. */
  encrypt(key: Kept, algorithmName: string, { value, iv, aad }: Enciphered): Enciphered {
    const { cryptoki, session } = this.#token
    const algorithm = cipherOf(key.shape, 'encrypt', algorithmName, value)
    if (algorithm.scheme === 'KW' || algorithm.scheme === 'KWP')
      return { value: this.#wrapValue(key, algorithm, value) }
    const isGcm = algorithm.scheme === 'GCM'
    // A nonce that is used twice with one key gives the key of GCM's authentication away, so nobody else chooses it.
    const nonce = isGcm ? randomBytes(gcmNonceBytes) : ofLength(iv, aesBlockBytes, algorithm, 'iv')
    const by = this.#offered(algorithm.name, mechanismOf(algorithm, nonce, aad))
    const handle = this.#hold(key, 'cipher')
    accepted(asked(algorithm, by), () => cryptoki.beginEncrypting(session, by, handle))
    const out = cryptoki.encrypt(session, value)
    if (!isGcm) return { value: out, iv: nonce }
    const end = out.length - gcmTagBytes
    return { value: out.subarray(0, end), iv: nonce, tag: out.subarray(end), ...(aad !== undefined && { aad }) }
  }

  decrypt(key: Kept, algorithmName: string, { value, iv, tag, aad }: Enciphered): Uint8Array {
    const { cryptoki, session } = this.#token
    const algorithm = cipherOf(key.shape, 'decrypt', algorithmName, value)
    if (algorithm.scheme === 'KW' || algorithm.scheme === 'KWP') return this.#unwrapValue(key, algorithm, value)
    const isGcm = algorithm.scheme === 'GCM'
    const nonce =
      algorithm.type === 'RSA' ? undefined : ofLength(iv, isGcm ? gcmNonceBytes : aesBlockBytes, algorithm, 'iv')
    const whole = isGcm ? Buffer.concat([value, ofLength(tag, gcmTagBytes, algorithm, 'tag')]) : value
    const by = this.#offered(algorithm.name, mechanismOf(algorithm, nonce, aad))
    const handle = this.#hold(key, algorithm.type === 'RSA' ? 'pair' : 'cipher')
    accepted(asked(algorithm, by), () => cryptoki.beginDecrypting(session, by, handle))
    return concealed(() => cryptoki.decrypt(session, whole))
  }

  /** A module wraps objects, not bytes: the value becomes one for a moment. */
  #wrapValue(key: Kept, algorithm: Algorithm, value: Uint8Array): Uint8Array {
    const { cryptoki, session } = this.#token
    const by = this.#offered(algorithm.name, mechanismOf(algorithm))
    const handle = this.#hold(key, 'wrap')
    const object = cryptoki.create(session, [...looseValue, [CKA.VALUE, value]])
    try {
      return accepted(asked(algorithm, by), () => cryptoki.wrap(session, by, handle, object))
    } finally {
      cryptoki.destroy(session, object)
    }
  }

  #unwrapValue(key: Kept, algorithm: Algorithm, value: Uint8Array): Uint8Array {
    const { cryptoki, session } = this.#token
    const by = this.#offered(algorithm.name, mechanismOf(algorithm))
    const handle = this.#hold(key, 'wrap')
    const object = concealed(() => cryptoki.unwrap(session, by, handle, value, looseValue))
    try {
      const [plain] = cryptoki.read(session, object, [CKA.VALUE], value.length)
      return plain ?? Buffer.alloc(0)
    } finally {
      cryptoki.destroy(session, object)
    }
  }

  get #leavesWrapped(): Template {
    return [
      ...secretInSession,
      [CKA.EXTRACTABLE, true],
      ...(this.#wrapping.trusted ? ([[CKA.WRAP_WITH_TRUSTED, true]] as const) : []),
    ]
  }

  /** The wrapped form of a key of the session, which goes. */
  #takenAway(key: Handle): Uint8Array {
    const { cryptoki, session } = this.#token
    const { id, handle, mechanism } = this.#wrapping
    try {
      const bytes = cryptoki.wrap(session, { name: mechanism }, handle, key)
      return bytesOfWrapped({ wrappingKeyId: id, mechanism, bytes })
    } finally {
      cryptoki.destroy(session, key)
    }
  }

  #hold({ shape, secret }: Kept, use: Use): Handle {
    return this.#held.hold(secret, use, () => {
      const { wrappingKeyId, mechanism, bytes } = wrappedIn(secret)
      const { handle } = this.#wrappingKey(wrappingKeyId, mechanism)
      const template: Template = [...kindOf(shape, use), ...secretInSession, [CKA.EXTRACTABLE, false]]
      const { cryptoki, session, label } = this.#token
      try {
        return cryptoki.unwrap(session, { name: mechanism }, handle, bytes, template)
      } catch (error) {
        if (!(error instanceof CryptokiError) || error.isLoss) throw error
        throw new Fault(
          'unavailable',
          `The token "${label}" can't unwrap this key: ${error.message}.`,
          {},
          { cause: error },
        )
      }
    })
  }

  #wrappingKey(id: Uint8Array, mechanism: WrapMechanism): WrappingKey {
    return this.#wrapping.id.equals(id) ? this.#wrapping : wrappingKeyNamed(this.#token, id, mechanism)
  }

  /** Refuses what the module doesn't list. */
  #offered(what: string, by: Mechanism, where: Where = 'alg'): Mechanism {
    if (this.#token.offers(by.name)) return by
    throw new Fault('invalid', `${what} needs CKM_${by.name}, which this hardware module doesn't offer.`, { where })
  }
}

const asked = ({ name }: Algorithm, by: Mechanism): string => `${name}, which needs CKM_${by.name},`
const ofType = (shape: KeyShape): string => `A key of type ${nameOf(shape)}`

/** The member of a request that asks for more than a module offers. */
type Where = 'alg' | 'kty'

/** What a module lists it may still refuse: OAEP with another hash than SHA-1, or a curve. */
function accepted<T>(what: string, ask: () => T, where: Where = 'alg'): T {
  try {
    return ask()
  } catch (error) {
    if (!(error instanceof CryptokiError) || !error.is(...refusals)) throw error
    const words = `${what} is more than this hardware module offers: ${error.message}.`
    throw new Fault('invalid', words, { where }, { cause: error })
  }
}

const refusals = [
  ...(['MECHANISM_INVALID', 'MECHANISM_PARAM_INVALID', 'ARGUMENTS_BAD', 'FUNCTION_NOT_SUPPORTED'] as const),
  ...(['KEY_FUNCTION_NOT_PERMITTED', 'KEY_TYPE_INCONSISTENT', 'KEY_SIZE_RANGE', 'KEY_NOT_WRAPPABLE'] as const),
  ...(['ATTRIBUTE_READ_ONLY', 'ATTRIBUTE_TYPE_INVALID', 'ATTRIBUTE_VALUE_INVALID', 'ACTION_PROHIBITED'] as const),
  ...(['TEMPLATE_INCOMPLETE', 'TEMPLATE_INCONSISTENT', 'DOMAIN_PARAMS_INVALID', 'CURVE_NOT_SUPPORTED'] as const),
  ...(['DATA_INVALID', 'DATA_LEN_RANGE', 'FUNCTION_REJECTED'] as const),
]

/** One answer to everything, since what is wrong with a ciphertext would help to decrypt it without the key (Manger 2001). */
function concealed<T>(decrypt: () => T): T {
  try {
    return decrypt()
  } catch (error) {
    if (!(error instanceof CryptokiError) || error.isLoss) throw error
    throw new Fault('invalid', 'The value does not decrypt with this key and algorithm.', { where: 'value' })
  }
}

function ofLength(
  bytes: Uint8Array | undefined,
  length: number,
  { name }: Algorithm,
  member: 'iv' | 'tag',
): Uint8Array {
  if (bytes?.length === length) return bytes
  throw new Fault('invalid', `${name} needs ${member === 'iv' ? 'an iv' : 'a tag'} of ${length} bytes.`, {
    where: member,
  })
}

const gcmNonceBytes = 12
const gcmTagBytes = 16

/** Bytes that are wrapped or unwrapped for a caller, who has them anyway. */
const looseValue: Template = [
  [CKA.CLASS, CKO.SECRET_KEY],
  [CKA.KEY_TYPE, CKK.GENERIC_SECRET],
  [CKA.TOKEN, false],
  [CKA.PRIVATE, true],
  [CKA.SENSITIVE, false],
  [CKA.EXTRACTABLE, true],
]
