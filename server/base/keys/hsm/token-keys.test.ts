import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { needs } from '@cardea/tools/servers/require'
import { findSoftHsm, openSoftHsm, type SoftHsm } from '@cardea/tools/servers/softhsm'
import type { KeptKey, PrivateJwk } from '../key.ts'
import { isSignature } from '../public-part.ts'
import { Cryptoki, CryptokiError, type Handle } from './cryptoki.ts'
import { attributes, type Template } from './layout.ts'
import { CKA, CKK, CKO, CKR } from './numbers.ts'
import { findToken, openToken, type Token } from './token.ts'
import { TokenKeys } from './token-keys.ts'
import { wrappedIn } from './wrapped-key.ts'
import { wrappingKeyLabel, wrappingKeyNamed, wrappingKeyOf } from './wrapping-key.ts'

const softHsm = needs('SoftHSM', findSoftHsm)
const digest = randomBytes(32)
const heldMax = 4
const ec = { type: 'EC', curve: 'P-256' } as const
const rsa = { type: 'RSA', bits: 2048 } as const
const privateNumbers = [CKA.VALUE, CKA.PRIVATE_EXPONENT, CKA.PRIME_1, CKA.PRIME_2, CKA.EXPONENT_1, CKA.COEFFICIENT]

describe('inside a token', { skip: softHsm.skip }, () => {
  let soft: SoftHsm
  let token: Token
  let keys: TokenKeys

  before(async () => {
    soft = await openSoftHsm()
    const { module, token: label, pin } = soft.newToken()
    token = await opened(module, label, pin)
    keys = await TokenKeys.in(token, heldMax)
  })
  after(async () => {
    token?.cryptoki.finalize()
    await soft?.[Symbol.asyncDispose]()
  })

  const found = (template: Template): Handle[] => token.cryptoki.find(token.session, template, 100)
  const heldKeys = () =>
    found([
      [CKA.CLASS, CKO.PRIVATE_KEY],
      [CKA.TOKEN, false],
    ])
  const yes = (object: Handle, attributes: readonly number[]) =>
    token.cryptoki.read(token.session, object, attributes).map((value) => value[0] === 1)

  it('nothing lies for good but the wrapping key, which wraps and does nothing else', async () => {
    keys.generate(rsa)
    keys.generate(ec)
    keys.generate({ type: 'oct', bits: 256 })
    const [wrapping, ...others] = found([[CKA.TOKEN, true]])
    assert.ok(wrapping !== undefined)
    assert.deepEqual(others, [])
    const may = [CKA.WRAP, CKA.UNWRAP, CKA.SENSITIVE]
    const mayNot = [CKA.EXTRACTABLE, CKA.ENCRYPT, CKA.DECRYPT, CKA.MODIFIABLE]
    assert.deepEqual(yes(wrapping, [...may, ...mayNot]), [...may.map(() => true), ...mayNot.map(() => false)])
    assert.equal(token.cryptoki.read(token.session, wrapping, [CKA.VALUE])[0]?.length, 0)
    assert.deepEqual((await wrappingKeyOf(token)).handle, wrapping, 'it is found again')
  })

  it('nobody with the PIN makes the wrapping key one that decrypts or leaves', async () => {
    const { default: koffi } = await import('koffi')
    const library = koffi.load(soft.module)
    const change = library.func('C_SetAttributeValue', 'ulong', ['ulong', 'ulong', 'void *', 'ulong'])
    const { handle } = await wrappingKeyOf(token)
    const wishes = [
      [CKA.DECRYPT, true],
      [CKA.ENCRYPT, true],
      [CKA.EXTRACTABLE, true],
      [CKA.SENSITIVE, false],
      [CKA.MODIFIABLE, true],
    ] as const
    for (const wish of wishes) {
      const memory = attributes([wish], (bytes) => koffi.address(bytes))
      assert.notEqual(change(token.session, handle, memory, 1), CKR.OK)
    }
    const mayNot = [CKA.DECRYPT, CKA.ENCRYPT, CKA.EXTRACTABLE, CKA.MODIFIABLE]
    assert.deepEqual(yes(handle, [CKA.SENSITIVE, ...mayNot]), [true, ...mayNot.map(() => false)])
  })

  it('what a key was made as is gone, and what it is used as can’t leave', () => {
    const before = heldKeys()
    const made = [keys.generate(rsa), keys.generate(ec)]
    for (const key of made) keys.sign(key, key.shape.type === 'RSA' ? 'RS256' : 'ES256', digest)
    const fresh = heldKeys().filter((handle) => !before.includes(handle))
    assert.equal(fresh.length, 2)
    for (const handle of fresh) {
      assert.deepEqual(yes(handle, [CKA.SENSITIVE, CKA.EXTRACTABLE]), [true, false])
      for (const value of token.cryptoki.read(token.session, handle, privateNumbers)) assert.equal(value.length, 0)
      const { handle: wrapping, mechanism } = wrappingKeyNamed(token, nameIn(made[0] as KeptKey), 'AES_KEY_WRAP_PAD')
      assert.throws(() => token.cryptoki.wrap(token.session, { name: mechanism }, wrapping, handle), CryptokiError)
    }
  })

  it('not even who knows the PIN and has the database unwraps a key as one that shows itself', () => {
    for (const shape of [rsa, ec] as const) {
      const key = keys.generate(shape)
      const { mechanism, bytes } = wrappedIn(key.secret)
      const { handle: wrapping } = wrappingKeyNamed(token, nameIn(key), mechanism)
      const kind: Template = [
        [CKA.CLASS, CKO.PRIVATE_KEY],
        [CKA.KEY_TYPE, shape.type === 'RSA' ? CKK.RSA : CKK.EC],
      ]
      for (const wish of [[[CKA.SENSITIVE, false]], [[CKA.EXTRACTABLE, true]], []] as const) {
        const template: Template = [...kind, [CKA.TOKEN, false], [CKA.PRIVATE, true], ...wish]
        let handle: Handle
        try {
          handle = token.cryptoki.unwrap(token.session, { name: mechanism }, wrapping, bytes, template)
        } catch (error) {
          assert.ok(error instanceof CryptokiError)
          continue
        }
        assert.deepEqual(yes(handle, [CKA.SENSITIVE, CKA.EXTRACTABLE]), [true, false])
        for (const value of token.cryptoki.read(token.session, handle, privateNumbers)) assert.equal(value.length, 0)
        token.cryptoki.destroy(token.session, handle)
      }
    }
  })

  it('a kept key holds nothing of an imported one in the clear', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const jwk = privateKey.export({ format: 'jwk' }) as PrivateJwk & { kty: 'RSA' }
    const { secret } = keys.adopt(jwk)
    for (const name of ['n', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const)
      assert.ok(!Buffer.from(secret).includes(Buffer.from(jwk[name] ?? '', 'base64url').subarray(0, 16)), name)
  })

  it('only so many keys are held at once, and those that went come back', () => {
    const made = Array.from({ length: 3 * heldMax }, () => keys.generate(ec))
    for (let round = 0; round < 3; round++)
      for (const key of made) {
        assert.ok(isSignature(key, 'ES256', digest, keys.sign(key, 'ES256', digest)))
        assert.ok(heldKeys().length <= heldMax)
      }
    assert.equal(heldKeys().length, heldMax)
  })

  it('thousands of signatures leave nothing behind, and are right to the last', () => {
    const key = keys.generate(ec)
    const held = heldKeys().length
    // More than it takes for the garbage collector to go through everything a few times.
    for (let at = 0; at < 5000; at++) keys.sign(key, 'ES256', digest)
    assert.ok(isSignature(key, 'ES256', digest, keys.sign(key, 'ES256', digest)))
    assert.ok(heldKeys().length <= held + 1)
  })

  it('keys demand a wrapping key that the security officer trusts, where there is one', async () => {
    token.cryptoki.finalize()
    const { module, token: label, pin, soPin } = soft.newToken()
    const cryptoki = await Cryptoki.load(module)
    cryptoki.initialize()
    const { slot } = findToken(cryptoki, label)
    const officer = cryptoki.openSession(slot)
    cryptoki.login(officer, Buffer.from(soPin), 'SO')
    const trusted = [...wrapping, [CKA.PRIVATE, false], [CKA.TRUSTED, true], [CKA.DECRYPT, false]] as const
    cryptoki.generateKey(officer, { name: 'AES_KEY_GEN' }, trusted)
    cryptoki.finalize()

    token = await opened(module, label, pin)
    assert.equal((await wrappingKeyOf(token)).trusted, true)
    keys = await TokenKeys.in(token, heldMax)
    for (const shape of [rsa, ec] as const) {
      const key = keys.generate(shape)
      const algorithm = shape.type === 'RSA' ? 'RS256' : 'ES256'
      assert.ok(isSignature(key, algorithm, digest, keys.sign(key, algorithm, digest)))
    }
  })

  it('a key with the wrapping key’s label that would give others away isn’t used', async () => {
    const { module, token: label, pin } = soft.newToken()
    token.cryptoki.finalize()
    token = await opened(module, label, pin)
    token.cryptoki.generateKey(token.session, { name: 'AES_KEY_GEN' }, [...wrapping, [CKA.DECRYPT, true]])
    await assert.rejects(TokenKeys.in(token, heldMax), /isn't fit to protect others: .*nor decrypt/)
  })
})

async function opened(module: string, label: string, pin: string): Promise<Token> {
  const cryptoki = await Cryptoki.load(module)
  cryptoki.initialize()
  return openToken(cryptoki, label, Buffer.from(pin))
}

/** A wrapping key as somebody else makes one. */
const wrapping: Template = [
  [CKA.CLASS, CKO.SECRET_KEY],
  [CKA.KEY_TYPE, CKK.AES],
  [CKA.VALUE_LEN, 32],
  [CKA.TOKEN, true],
  [CKA.LABEL, wrappingKeyLabel],
  [CKA.ID, Buffer.of(1)],
  [CKA.SENSITIVE, true],
  [CKA.EXTRACTABLE, false],
  [CKA.WRAP, true],
  [CKA.UNWRAP, true],
]

const nameIn = (key: KeptKey): Uint8Array => wrappedIn(key.secret).wrappingKeyId
