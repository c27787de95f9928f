import assert from 'node:assert/strict'
import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
  verify,
} from 'node:crypto'
import { after, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Fault } from '../fault.ts'
import { algorithmsFor, signatureBytes } from './algorithms.ts'
import { type AsymmetricShape, curves, type KeptKey, type KeyShape, type PrivateJwk, rsaSizes } from './key.ts'
import { curveNames } from './private-jwk.ts'
import { SoftwareKeys } from './software-keys.ts'

const keys = new SoftwareKeys()
after(() => keys.close())

const message = Buffer.from('What Cardea signs, others verify.')
const hashOf = (algorithm: string): string => `sha${algorithm === 'ES256K' ? 256 : algorithm.slice(2)}`
const digestFor = (algorithm: string): Buffer =>
  algorithm === 'RSNULL' ? randomBytes(36) : createHash(hashOf(algorithm)).update(message).digest()

const everyShape: readonly AsymmetricShape[] = [
  ...rsaSizes.map((bits) => ({ type: 'RSA', bits }) as const),
  ...curves.map((curve) => ({ type: 'EC', curve }) as const),
]
const rsaShape = { type: 'RSA', bits: 2048 } as const
const [rsa, ec] = await Promise.all([keys.generate(rsaShape), keys.generate({ type: 'EC', curve: 'P-256' })])

/** What somebody else makes of the public part. */
function publicKeyOf({ publicPart }: KeptKey) {
  assert.ok(publicPart.kty !== 'oct')
  const key = publicPart.kty === 'EC' ? { ...publicPart, crv: curveNames[publicPart.crv].jwk } : publicPart
  return createPublicKey({ key, format: 'jwk' })
}

function verifiedByNode(key: KeptKey, algorithm: string, signature: Uint8Array): boolean {
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

/** What is refused, and that nothing of the key is told with it. */
async function refusal(work: Promise<unknown>, ...keys: readonly KeptKey[]): Promise<Fault> {
  const error: unknown = await work.then(
    () => assert.fail('nothing was refused'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof Fault, inspect(error))
  const told = inspect(error, { depth: 9 })
  for (const { secret } of keys) {
    const bytes = Buffer.from(secret)
    for (const text of [bytes.toString('base64'), bytes.toString('hex')]) {
      for (let at = 100; at + 24 < text.length; at += 24) assert.ok(!told.includes(text.slice(at, at + 24)))
    }
  }
  return error
}

describe('keys in software', () => {
  for (const shape of everyShape) {
    it(`are made, sign and decrypt with every algorithm: ${shape.type === 'EC' ? shape.curve : shape.bits}`, async () => {
      const key = await keys.generate(shape)
      assert.deepEqual(key.shape, shape)
      if (key.publicPart.kty === 'RSA') {
        assert.equal(Buffer.from(key.publicPart.n, 'base64url').length, signatureBytes(shape))
        assert.equal(key.publicPart.e, 'AQAB')
      }
      for (const algorithm of algorithmsFor(shape, 'sign')) {
        const digest = digestFor(algorithm)
        const signature = await keys.sign(key, algorithm, digest)
        assert.equal(signature.length, signatureBytes(shape))
        assert.equal(await keys.verify(key, algorithm, digest, signature), true)
        assert.equal(await keys.verify(key, algorithm, digest.fill(0, 0, 8), signature), false)
        if (algorithm !== 'RSNULL') assert.ok(verifiedByNode(key, algorithm, signature), algorithm)
      }
      for (const algorithm of algorithmsFor(shape, 'encrypt')) {
        for (const plain of [Buffer.alloc(0), Buffer.of(0), randomBytes(32), randomBytes(190)]) {
          const cipher = await keys.encrypt(key, algorithm, { value: plain })
          assert.deepEqual(Buffer.from(await keys.decrypt(key, algorithm, cipher)), plain)
        }
      }
    })
  }

  it('decrypt what somebody else has encrypted', async () => {
    const plain = randomBytes(32)
    for (const [algorithm, padding] of Object.entries({
      RSA1_5: { padding: constants.RSA_PKCS1_PADDING },
      'RSA-OAEP': { oaepHash: 'sha1' },
      'RSA-OAEP-256': { oaepHash: 'sha256' },
    })) {
      const value = publicEncrypt({ key: publicKeyOf(rsa), ...padding }, plain)
      assert.deepEqual(Buffer.from(await keys.decrypt(rsa, algorithm, { value })), plain)
    }
  })

  it('come from elsewhere, and do what they did there', async () => {
    const made = [
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
      ...curves.map((curve) => generateKeyPairSync('ec', { namedCurve: curveNames[curve].openssl }).privateKey),
    ]
    for (const privateKey of made) {
      const key = await keys.adopt(privateKey.export({ format: 'jwk' }) as PrivateJwk)
      assert.ok(publicKeyOf(key).equals(createPublicKey(privateKey)))
      const kept = createPrivateKey({ key: Buffer.from(key.secret), format: 'der', type: 'pkcs8' })
      assert.ok(kept.equals(privateKey))
      for (const algorithm of algorithmsFor(key.shape, 'sign').filter((name) => name !== 'RSNULL')) {
        assert.ok(verifiedByNode(key, algorithm, await keys.sign(key, algorithm, digestFor(algorithm))), algorithm)
      }
    }
  })

  it('sign the same digest in another way each time, where the algorithm has randomness', async () => {
    const twice = async (key: KeptKey, algorithm: string) => {
      const signatures = [1, 2].map(() => keys.sign(key, algorithm, digestFor(algorithm)))
      const [one, two] = await Promise.all(signatures)
      return Buffer.compare(one as Uint8Array, two as Uint8Array) === 0
    }
    assert.equal(await twice(ec, 'ES256'), false)
    assert.equal(await twice(rsa, 'PS256'), false)
    assert.equal(await twice(rsa, 'RS256'), true)
  })

  it('sign digests of zeros and of ones, which are nobody’s hash', async () => {
    for (const curve of curves) {
      const key = await keys.generate({ type: 'EC', curve })
      const [algorithm = ''] = algorithmsFor(key.shape, 'sign')
      for (const byte of [0, 0xff]) {
        const digest = digestFor(algorithm).fill(byte)
        assert.ok(await keys.verify(key, algorithm, digest, await keys.sign(key, algorithm, digest)))
      }
    }
  })

  it('are used by what they are kept as, also when others were used in between', async () => {
    const digest = digestFor('ES256')
    const others = await Promise.all(Array.from({ length: 8 }, () => keys.generate({ type: 'EC', curve: 'P-256' })))
    for (const key of [...others, ...others.toReversed()]) {
      assert.ok(verifiedByNode(key, 'ES256', await keys.sign(key, 'ES256', digest)))
    }
    assert.ok(
      Buffer.from(ec.secret).some((byte) => byte !== 0),
      'what is kept is left alone',
    )
  })

  it('are not made in sizes that aren’t kept, nor symmetric', async () => {
    for (const shape of [
      { type: 'RSA', bits: 1024 },
      { type: 'RSA', bits: 16_384 },
      { type: 'EC', curve: 'P-224' },
      { type: 'oct', bits: 256 },
    ]) {
      assert.equal((await refusal(keys.generate(shape as KeyShape))).code, 'invalid')
    }
    assert.equal((await refusal(keys.adopt({ kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAA' }))).code, 'invalid')
    const oct: KeptKey = { shape: { type: 'oct', bits: 256 }, publicPart: { kty: 'oct' }, secret: randomBytes(32) }
    assert.equal((await refusal(keys.sign(oct, 'HS256', randomBytes(32)))).code, 'invalid')
    assert.equal((await refusal(keys.encrypt(oct, 'A256GCM', { value: randomBytes(32) }))).code, 'invalid')
  })

  it('refuse algorithms of other keys and values of other lengths', async () => {
    for (const work of [
      keys.sign(rsa, 'ES256', randomBytes(32)),
      keys.sign(ec, 'RS256', randomBytes(32)),
      keys.sign(ec, 'ES384', randomBytes(48)),
      keys.sign(rsa, 'RSA-OAEP', randomBytes(32)),
      keys.sign(rsa, 'none', randomBytes(32)),
      keys.sign(rsa, 'RS256', randomBytes(31)),
      keys.sign(rsa, 'RSNULL', randomBytes(246)),
      keys.sign(rsa, 'RS512', Buffer.alloc(10_000_000)),
      keys.verify(ec, 'ES256', randomBytes(33), randomBytes(64)),
      keys.verify(rsa, 'A256KW', randomBytes(32), randomBytes(256)),
      keys.encrypt(ec, 'RSA-OAEP', { value: randomBytes(8) }),
      keys.encrypt(rsa, 'RSA-OAEP', { value: randomBytes(215) }),
      keys.encrypt(rsa, 'A256GCM', { value: randomBytes(8) }),
      keys.decrypt(ec, 'RSA1_5', { value: randomBytes(256) }),
      keys.decrypt(rsa, 'RSA-OAEP', { value: randomBytes(255) }),
      keys.decrypt(rsa, 'RSA1_5', { value: randomBytes(257) }),
    ]) {
      assert.equal((await refusal(work, rsa, ec)).code, 'invalid')
    }
  })

  it('say of a signature of another length that it is none', async () => {
    for (const bytes of [0, 1, 63, 65, 70, 100_000]) {
      assert.equal(await keys.verify(ec, 'ES256', randomBytes(32), Buffer.alloc(bytes, 1)), false)
    }
    for (const bytes of [0, 255, 257]) {
      assert.equal(await keys.verify(rsa, 'PS512', randomBytes(64), Buffer.alloc(bytes, 1)), false)
    }
  })

  it('say the same of everything that doesn’t decrypt, whatever is wrong with it', async () => {
    const modulus = rsa.publicPart.kty === 'RSA' ? Buffer.from(rsa.publicPart.n, 'base64url') : assert.fail()
    const raw = (block: Buffer) => publicEncrypt({ key: publicKeyOf(rsa), padding: constants.RSA_NO_PADDING }, block)
    const other = await keys.generate(rsaShape)
    const { value } = await keys.encrypt(rsa, 'RSA-OAEP', { value: randomBytes(20) })
    const broken = [
      Buffer.alloc(256),
      Buffer.alloc(256, 0xff),
      modulus,
      raw(Buffer.concat([Buffer.of(0), Buffer.alloc(255, 7)])),
      raw(Buffer.concat([Buffer.of(1), Buffer.alloc(255, 7)])),
      raw(Buffer.concat([Buffer.of(0), Buffer.alloc(255)])),
      Buffer.from((await keys.encrypt(other, 'RSA-OAEP', { value: randomBytes(20) })).value),
      Buffer.from(value).fill(0x55, 100, 104),
    ]
    const told = new Set<string>()
    for (const algorithm of ['RSA-OAEP', 'RSA-OAEP-256']) {
      for (const value of broken) {
        const { code, message, particulars, cause } = await refusal(keys.decrypt(rsa, algorithm, { value }), rsa)
        told.add(inspect({ code, message, particulars, cause }))
      }
    }
    // A ciphertext of the other hash is as broken as one that was changed.
    const fault = await refusal(keys.decrypt(rsa, 'RSA-OAEP-256', { value }), rsa)
    assert.equal(fault.code, 'invalid')
    assert.equal(told.size, 1, [...told].join('\n'))
  })

  it('answer a broken RSA1_5 with bytes that mean nothing, always the same, so that nobody learns from asking', async () => {
    const raw = (block: Buffer) => publicEncrypt({ key: publicKeyOf(rsa), padding: constants.RSA_NO_PADDING }, block)
    const plain = Buffer.from('what was never encrypted')
    const wrongType = Buffer.concat([Buffer.of(0, 1), Buffer.alloc(256 - 3 - plain.length, 0xff), Buffer.of(0), plain])
    for (const block of [wrongType, Buffer.concat([Buffer.of(0, 2), Buffer.alloc(254, 3)])]) {
      const value = raw(block)
      const answers = [await keys.decrypt(rsa, 'RSA1_5', { value }), await keys.decrypt(rsa, 'RSA1_5', { value })]
      assert.deepEqual(answers[0], answers[1])
      assert.ok(!Buffer.from(answers[0] as Uint8Array).includes(plain))
    }
  })

  it('tell nothing of a secret that is none', async () => {
    for (const secret of [rsa.secret.subarray(0, 600), Buffer.from('not a key at all'), new Uint8Array()]) {
      const fault = await refusal(keys.sign({ ...rsa, secret }, 'RS256', randomBytes(32)), rsa)
      assert.equal(fault.code, 'internal')
      assert.doesNotMatch(inspect(fault), /not a key at all/)
    }
    assert.equal(
      (await refusal(keys.sign({ ...rsa, secret: ec.secret }, 'RS256', randomBytes(32)), ec)).code,
      'internal',
    )
    assert.equal(
      (await refusal(keys.sign({ ...ec, secret: rsa.secret }, 'ES256', randomBytes(32)), rsa)).code,
      'internal',
    )
    assert.equal((await keys.sign(rsa, 'RS256', randomBytes(32))).length, 256, 'nobody else suffers')
  })
})

describe('many who ask at once', () => {
  it('are served one after the other, and turned away when too many wait', async () => {
    await using door = opened({ waitingMax: 20 })
    const work = Array.from({ length: 60 }, () => door.keys.sign(rsa, 'RS256', digestFor('RS256')))
    const outcomes = await Promise.allSettled(work)
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 20)
    for (const outcome of outcomes.slice(20)) {
      assert.ok(outcome.status === 'rejected' && outcome.reason.code === 'throttled')
    }
    assert.equal((await door.keys.sign(rsa, 'RS256', digestFor('RS256'))).length, 256)
  })

  it('have their signatures while large keys are made', async () => {
    await using door = opened({ makingMax: 3 })
    let made = 0
    const making = [1, 2, 3].map(() => door.keys.generate({ type: 'RSA', bits: 4096 }).then(() => (made += 1)))
    assert.equal((await refusal(door.keys.generate(rsaShape))).code, 'throttled')
    assert.equal((await refusal(door.keys.adopt({ kty: 'RSA' }))).code, 'throttled')
    await door.keys.sign(rsa, 'RS256', digestFor('RS256'))
    assert.ok(made < 3, 'the signature waited for the keys')
    await Promise.all(making)
  })

  it('are told when the door closes on them', async () => {
    const door = new SoftwareKeys()
    const work = [
      door.generate({ type: 'RSA', bits: 4096 }),
      ...Array.from({ length: 10 }, () => door.sign(rsa, 'PS512', digestFor('PS512'))),
    ]
    const told = Promise.all(work.map((each) => refusal(each, rsa)))
    await door.close()
    for (const { code } of await told) assert.equal(code, 'unavailable')
    assert.equal((await refusal(door.sign(rsa, 'RS256', digestFor('RS256')))).code, 'unavailable')
  })
})

function opened(options: ConstructorParameters<typeof SoftwareKeys>[0]) {
  const keys = new SoftwareKeys(options)
  return { keys, [Symbol.asyncDispose]: () => keys.close() }
}
