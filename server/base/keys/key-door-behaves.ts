import assert from 'node:assert/strict'
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  verify,
} from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Fault } from '../fault.ts'
import { algorithmsFor, nameOf, signatureBytes } from './algorithms.ts'
import type { AsymmetricShape, KeptKey, KeyDoor, KeyShape, PrivateJwk } from './key.ts'
import { curveNames } from './private-jwk.ts'

/** What every keeper of keys promises of RSA and EC keys, with Node's own cryptography as the one on the other side. */
export type Promised = {
  readonly shapes: readonly AsymmetricShape[]
  /** Algorithms that this keeper can't do. */
  readonly lacks?: readonly string[]
}

const message = Buffer.from('What Cardea signs, others verify.')
const hashOf = (algorithm: string): string => `sha${algorithm === 'ES256K' ? 256 : algorithm.slice(2)}`

/** What is signed: the digest of a message that Node signs and verifies as a whole. */
export const digestFor = (algorithm: string): Buffer =>
  algorithm === 'RSNULL' ? Buffer.alloc(36, 'bare') : createHash(hashOf(algorithm)).update(message).digest()

/** What somebody else makes of the public part. */
export function publicKeyOf({ publicPart }: KeptKey): KeyObject {
  assert.ok(publicPart.kty !== 'oct')
  const key = publicPart.kty === 'EC' ? { ...publicPart, crv: curveNames[publicPart.crv].jwk } : publicPart
  return createPublicKey({ key, format: 'jwk' })
}

/** Whether somebody else takes a signature for good. */
export function verifiedByNode(key: KeptKey, algorithm: string, signature: Uint8Array): boolean {
  const padding = algorithm.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING
  return verify(
    hashOf(algorithm),
    message,
    key.shape.type === 'EC'
      ? { key: publicKeyOf(key), dsaEncoding: 'ieee-p1363' }
      : { key: publicKeyOf(key), padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
    signature,
  )
}

/** What is refused; nothing of the keys is told with it. */
export async function refusal(work: Promise<unknown>, ...keys: readonly KeptKey[]): Promise<Fault> {
  const error: unknown = await work.then(
    () => assert.fail('nothing was refused'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof Fault, inspect(error))
  const told = inspect(error, { depth: 9 })
  for (const { secret } of keys) {
    for (const encoding of ['base64', 'hex'] as const) {
      const pieces = Buffer.from(secret).toString(encoding).match(/.{24}/g) ?? []
      assert.ok(!pieces.some((piece) => told.includes(piece)), 'a piece of the key is told')
    }
  }
  return error
}

const paddings = {
  RSA1_5: { padding: constants.RSA_PKCS1_PADDING },
  'RSA-OAEP': { oaepHash: 'sha1' },
  'RSA-OAEP-256': { oaepHash: 'sha256' },
} as const

export function keyDoorBehaves(kind: string, open: () => Promise<KeyDoor>, { shapes, lacks = [] }: Promised): void {
  const can = (shape: KeyShape, operation: 'sign' | 'encrypt'): readonly string[] =>
    algorithmsFor(shape, operation).filter((name) => !lacks.includes(name))

  describe(`${kind}, as a keeper of keys`, () => {
    let door: KeyDoor
    let rsa: KeptKey
    let ec: KeptKey
    before(async () => {
      door = await open()
      rsa = await door.generate({ type: 'RSA', bits: 2048 })
      ec = await door.generate({ type: 'EC', curve: 'P-256' })
    })
    after(() => door.close())

    for (const shape of shapes) {
      it(`makes a key of type ${nameOf(shape)}, which signs and decrypts with every algorithm`, async () => {
        const key = await door.generate(shape)
        assert.deepEqual(key.shape, shape)
        assert.equal(publicKeyOf(key).asymmetricKeyType, shape.type.toLowerCase())
        if (key.publicPart.kty === 'RSA') {
          assert.equal(Buffer.from(key.publicPart.n, 'base64url').length, signatureBytes(shape))
          assert.equal(key.publicPart.e, 'AQAB')
        }
        for (const algorithm of can(shape, 'sign')) {
          const digest = digestFor(algorithm)
          const signature = await door.sign(key, algorithm, digest)
          assert.equal(signature.length, signatureBytes(shape), algorithm)
          assert.equal(await door.verify(key, algorithm, digest, signature), true, algorithm)
          if (algorithm !== 'RSNULL') assert.ok(verifiedByNode(key, algorithm, signature), algorithm)
          assert.equal(await door.verify(key, algorithm, digest.fill(0, 0, 8), signature), false, algorithm)
        }
        for (const algorithm of can(shape, 'encrypt')) {
          for (const plain of [Buffer.of(0), randomBytes(32), randomBytes(190)]) {
            const cipher = await door.encrypt(key, algorithm, { value: plain })
            assert.equal(cipher.value.length, signatureBytes(shape))
            assert.deepEqual(Buffer.from(await door.decrypt(key, algorithm, cipher)), plain, algorithm)
          }
        }
      })

      it(`takes in a key of type ${nameOf(shape)}, which does what it did elsewhere`, async () => {
        const { privateKey } =
          shape.type === 'RSA'
            ? generateKeyPairSync('rsa', { modulusLength: shape.bits })
            : generateKeyPairSync('ec', { namedCurve: curveNames[shape.curve].openssl })
        const key = await door.adopt({ ...privateKey.export({ format: 'jwk' }) } as PrivateJwk)
        assert.deepEqual(key.shape, shape)
        assert.ok(publicKeyOf(key).equals(createPublicKey(privateKey)))
        const [algorithm = ''] = can(shape, 'sign')
        assert.ok(verifiedByNode(key, algorithm, await door.sign(key, algorithm, digestFor(algorithm))), algorithm)
        const [cipher] = can(shape, 'encrypt')
        if (cipher === undefined) return
        const value = publicEncrypt({ key: privateKey, ...paddings[cipher as keyof typeof paddings] }, message)
        assert.deepEqual(Buffer.from(await door.decrypt(key, cipher, { value })), message)
      })
    }

    it('decrypts what somebody else has encrypted', async () => {
      for (const [algorithm, padding] of Object.entries(paddings).filter(([name]) => !lacks.includes(name))) {
        const value = publicEncrypt({ key: publicKeyOf(rsa), ...padding }, message)
        assert.deepEqual(Buffer.from(await door.decrypt(rsa, algorithm, { value })), message, algorithm)
      }
    })

    it('signs the same digest in another way each time, where the algorithm has randomness', async () => {
      const wishes: readonly [KeptKey, string, boolean][] = [
        [ec, 'ES256', false],
        [rsa, 'PS256', false],
        [rsa, 'RS256', true],
      ]
      for (const [key, algorithm, same] of wishes.filter(([, name]) => !lacks.includes(name))) {
        const one = await door.sign(key, algorithm, digestFor(algorithm))
        const other = await door.sign(key, algorithm, digestFor(algorithm))
        assert.equal(Buffer.from(one).equals(other), same, algorithm)
      }
    })

    it('signs digests of zeros and of ones, which are nobody’s hash', async () => {
      for (const byte of [0, 0xff]) {
        const digest = Buffer.alloc(32, byte)
        assert.ok(await door.verify(ec, 'ES256', digest, await door.sign(ec, 'ES256', digest)))
        assert.ok(await door.verify(rsa, 'RS256', digest, await door.sign(rsa, 'RS256', digest)))
      }
    })

    it('uses each key by what it is kept as, and leaves that alone', async () => {
      const keys = [ec, await door.generate(ec.shape), await door.generate(ec.shape)]
      const secrets = keys.map(({ secret }) => Buffer.from(secret))
      for (const key of [...keys, ...keys.toReversed()]) {
        assert.ok(verifiedByNode(key, 'ES256', await door.sign(key, 'ES256', digestFor('ES256'))))
      }
      assert.deepEqual(
        keys.map(({ secret }) => Buffer.from(secret)),
        secrets,
      )
    })

    it('makes no keys of sizes and curves that aren’t kept, and takes none in', async () => {
      for (const shape of [
        { type: 'RSA', bits: 1024 },
        { type: 'RSA', bits: 16_384 },
        { type: 'EC', curve: 'P-224' },
        { type: 'oct', bits: 64 },
      ]) {
        assert.equal((await refusal(door.generate(shape as KeyShape))).code, 'invalid')
      }
      const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' })
      const [one, other] = [1, 2].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
      const d = other?.export({ format: 'jwk' }).d
      const mixed = { ...one?.export({ format: 'jwk' }), d }
      for (const jwk of [small, mixed, publicKeyOf(rsa).export({ format: 'jwk' }), { kty: 'OKP' }, { kty: 'RSA' }]) {
        const fault = await refusal(door.adopt({ ...jwk } as PrivateJwk))
        assert.equal(fault.code, 'invalid')
        assert.ok(d === undefined || !inspect(fault, { depth: 9 }).includes(d))
      }
    })

    it('refuses algorithms of other keys and values of other lengths', async () => {
      for (const work of [
        door.sign(rsa, 'ES256', randomBytes(32)),
        door.sign(ec, 'RS256', randomBytes(32)),
        door.sign(ec, 'ES384', randomBytes(48)),
        door.sign(rsa, 'RSA-OAEP', randomBytes(32)),
        door.sign(rsa, 'none', randomBytes(32)),
        door.sign(rsa, 'RS256', randomBytes(31)),
        door.sign(rsa, 'RSNULL', randomBytes(246)),
        door.sign(rsa, 'RS512', Buffer.alloc(10_000_000)),
        door.verify(ec, 'ES256', randomBytes(33), randomBytes(64)),
        door.verify(rsa, 'A256KW', randomBytes(32), randomBytes(256)),
        door.encrypt(ec, 'RSA-OAEP', { value: randomBytes(8) }),
        door.encrypt(rsa, 'RSA-OAEP', { value: randomBytes(215) }),
        door.encrypt(rsa, 'A256GCM', { value: randomBytes(8) }),
        door.decrypt(ec, 'RSA1_5', { value: randomBytes(256) }),
        door.decrypt(rsa, 'RSA-OAEP', { value: randomBytes(255) }),
        door.decrypt(rsa, 'RSA1_5', { value: randomBytes(257) }),
      ]) {
        assert.equal((await refusal(work, rsa, ec)).code, 'invalid')
      }
    })

    it('says of a signature of another length that it is none', async () => {
      for (const bytes of [0, 1, 63, 65, 70, 100_000]) {
        assert.equal(await door.verify(ec, 'ES256', randomBytes(32), Buffer.alloc(bytes, 1)), false)
      }
      for (const bytes of [0, 255, 257]) {
        assert.equal(await door.verify(rsa, 'RS512', randomBytes(64), Buffer.alloc(bytes, 1)), false)
      }
    })

    it('says the same of everything that doesn’t decrypt, whatever is wrong with it', async () => {
      const raw = (block: Buffer) => publicEncrypt({ key: publicKeyOf(rsa), padding: constants.RSA_NO_PADDING }, block)
      const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
      const right = publicEncrypt({ key: publicKeyOf(rsa), oaepHash: 'sha1' }, message)
      const broken = [
        Buffer.alloc(256),
        Buffer.alloc(256, 0xff),
        rsa.publicPart.kty === 'RSA' ? Buffer.from(rsa.publicPart.n, 'base64url') : assert.fail(),
        raw(Buffer.concat([Buffer.of(0), Buffer.alloc(255, 7)])),
        raw(Buffer.concat([Buffer.of(1), Buffer.alloc(255, 7)])),
        raw(Buffer.alloc(256)),
        publicEncrypt({ key: stranger, oaepHash: 'sha1' }, message),
        publicEncrypt({ key: publicKeyOf(rsa), oaepHash: 'sha512' }, message),
        Buffer.from(right).fill(0x55, 100, 104),
      ]
      for (const algorithm of ['RSA-OAEP', 'RSA-OAEP-256'].filter((name) => !lacks.includes(name))) {
        const told = new Set<string>()
        for (const value of broken) {
          const { code, message, particulars, cause } = await refusal(door.decrypt(rsa, algorithm, { value }), rsa)
          assert.equal(code, 'invalid')
          told.add(inspect({ message, particulars, cause }))
        }
        assert.equal(told.size, 1, [...told].join('\n'))
      }
    })

    it('ends what is under way when it is closed, and begins nothing more', async () => {
      const closing = await open()
      const work = Array.from({ length: 10 }, () => closing.sign(rsa, 'RS256', digestFor('RS256')))
      const outcomes = Promise.allSettled(work)
      await closing.close()
      for (const outcome of await outcomes) {
        if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'unavailable')
        else assert.ok(verifiedByNode(rsa, 'RS256', outcome.value))
      }
      assert.equal((await refusal(closing.sign(rsa, 'RS256', digestFor('RS256')))).code, 'unavailable')
    })
  })
}
