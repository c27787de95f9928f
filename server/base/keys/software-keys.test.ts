import assert from 'node:assert/strict'
import { constants, createPrivateKey, generateKeyPairSync, publicEncrypt, randomBytes } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { curves, type KeptKey, type PrivateJwk, rsaSizes } from './key.ts'
import { digestFor, keyDoorBehaves, publicKeyOf, refusal } from './key-door-behaves.ts'
import { SoftwareKeys } from './software-keys.ts'

const keys = new SoftwareKeys()
after(() => keys.close())

const rsaShape = { type: 'RSA', bits: 2048 } as const
const [rsa, ec] = await Promise.all([keys.generate(rsaShape), keys.generate({ type: 'EC', curve: 'P-256' })])

keyDoorBehaves('software', async () => new SoftwareKeys(), {
  shapes: [
    ...rsaSizes.map((bits) => ({ type: 'RSA', bits }) as const),
    ...curves.map((curve) => ({ type: 'EC', curve }) as const),
  ],
})

describe('keys in software', () => {
  it('are kept as PKCS #8, as they came', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { secret } = await keys.adopt({ ...privateKey.export({ format: 'jwk' }) } as PrivateJwk)
    assert.ok(createPrivateKey({ key: Buffer.from(secret), format: 'der', type: 'pkcs8' }).equals(privateKey))
  })

  it('are never symmetric', async () => {
    const oct: KeptKey = { shape: { type: 'oct', bits: 256 }, publicPart: { kty: 'oct' }, secret: randomBytes(32) }
    for (const work of [
      keys.generate(oct.shape),
      keys.adopt({ kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAA' }),
      keys.sign(oct, 'HS256', randomBytes(32)),
      keys.verify(oct, 'HS256', randomBytes(32), randomBytes(32)),
      keys.encrypt(oct, 'A256GCM', { value: randomBytes(32) }),
      keys.decrypt(oct, 'A256KW', { value: randomBytes(32) }),
    ]) {
      assert.match((await refusal(work, oct)).message, /hardware security module only/)
    }
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
