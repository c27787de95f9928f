import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey, generateKeyPairSync, generatePrimeSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { Fault } from '../fault.ts'
import { numberOf, textOf } from './jwk-numbers.ts'
import { type Curve, curves, type PrivateJwk, rsaMembers, rsaSizes } from './key.ts'
import { curveNames, keyOfJwk } from './private-jwk.ts'
import { inverse } from './testing/inverse.ts'

type Words = Readonly<Record<string, string>>

/** As callers send it: nobody has looked at the words yet. */
const adopted = (jwk: Words) => keyOfJwk(jwk as PrivateJwk)
const wordsOf = (jwk: object): Words => ({ ...jwk }) as Words
const rsaWords = (modulusLength: number, publicExponent = 65_537): Words =>
  wordsOf(generateKeyPairSync('rsa', { modulusLength, publicExponent }).privateKey.export({ format: 'jwk' }))
const ecWords = (curve: Curve): Words => ({
  ...wordsOf(generateKeyPairSync('ec', { namedCurve: curveNames[curve].openssl }).privateKey.export({ format: 'jwk' })),
  crv: curve,
})

/** What is said of a key that isn't taken, which is nothing of the key. */
function refusal(jwk: Words): { message: string; where: string | undefined } {
  try {
    adopted(jwk)
  } catch (error) {
    assert.ok(error instanceof Fault, inspect(error))
    assert.equal(error.code, 'invalid')
    const told = inspect(error, { depth: 9 })
    for (const [name, value] of Object.entries(jwk)) {
      if (name !== 'kty' && name !== 'crv' && value.length > 8) assert.ok(!told.includes(value), `${name} is told`)
    }
    return { message: error.message, where: error.particulars.where }
  }
  assert.fail('the key was taken')
}

const rsa = rsaWords(2048)
const member = (name: string): bigint => numberOf(rsa[name] as string)

/** What belongs to two numbers as if both were primes, if it is an RSA key of 2048 bits. */
function keyFrom(p: bigint, q: bigint): Words | undefined {
  const [n, e, around] = [p * q, 65_537n, (p - 1n) * (q - 1n)]
  const d = inverse(e, around)
  if (n.toString(2).length !== 2048 || (d * e) % around !== 1n) return undefined
  const numbers = { n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) }
  return { kty: 'RSA', ...Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, textOf(number)])) }
}

describe('a key that was made elsewhere', () => {
  it('is kept as it is when it was made by Node', () => {
    for (const bits of rsaSizes) {
      const jwk = rsaWords(bits)
      const { shape, publicPart, secret } = adopted(jwk)
      assert.deepEqual(shape, { type: 'RSA', bits })
      assert.deepEqual(publicPart, { kty: 'RSA', n: jwk.n, e: 'AQAB' })
      const kept = createPrivateKey({ key: Buffer.from(secret), format: 'der', type: 'pkcs8' })
      assert.deepEqual(kept.export({ format: 'jwk' }), jwk)
    }
    for (const curve of curves) {
      const jwk = ecWords(curve)
      const { shape, publicPart, secret } = adopted(jwk)
      assert.deepEqual(shape, { type: 'EC', curve })
      assert.deepEqual(publicPart, { kty: 'EC', crv: curve, x: jwk.x, y: jwk.y })
      const kept = createPrivateKey({ key: Buffer.from(secret), format: 'der', type: 'pkcs8' })
      assert.deepEqual(kept.export({ format: 'jwk' }), { ...jwk, crv: curveNames[curve].jwk })
    }
  })

  it('is taken when it was made by OpenSSL’s command, also with a small or long exponent', () => {
    const made = (...options: string[]): Words =>
      wordsOf(
        createPrivateKey(execFileSync('openssl', ['genpkey', ...options], { stdio: 'pipe' })).export({ format: 'jwk' }),
      )
    for (const exponent of ['3', '65537', '18446744073709551557']) {
      const jwk = made(
        '-algorithm',
        'RSA',
        '-pkeyopt',
        'rsa_keygen_bits:2048',
        '-pkeyopt',
        `rsa_keygen_pubexp:${exponent}`,
      )
      assert.deepEqual(adopted(jwk).publicPart, { kty: 'RSA', n: jwk.n, e: textOf(BigInt(exponent)) })
    }
    for (const curve of curves) {
      const jwk = made('-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curveNames[curve].openssl}`)
      // A curve is known by Key Vault's name, and by the one that JOSE has registered (RFC 8812).
      assert.deepEqual(adopted(jwk).publicPart, { kty: 'EC', crv: curve, x: jwk.x, y: jwk.y })
    }
  })

  it('may have zeros in front of its numbers, or padding behind them', () => {
    const zeros = (words: Words, names: readonly string[]): Words =>
      Object.fromEntries(
        Object.entries(words).map(([name, value]) => [
          name,
          names.includes(name)
            ? Buffer.concat([Buffer.of(0), Buffer.from(value, 'base64url')]).toString('base64url')
            : value,
        ]),
      )
    assert.deepEqual(adopted(zeros(rsa, rsaMembers)).publicPart, { kty: 'RSA', n: rsa.n, e: 'AQAB' })
    const padded = Object.fromEntries(
      Object.entries(rsa).map(([name, value]) => [
        name,
        name === 'kty' ? value : value + '='.repeat(-value.length & 3),
      ]),
    )
    assert.deepEqual(adopted(padded).publicPart, { kty: 'RSA', n: rsa.n, e: 'AQAB' })
    const ec = ecWords('P-521')
    assert.deepEqual(adopted(zeros(ec, ['x', 'y', 'd'])).publicPart, { kty: 'EC', crv: 'P-521', x: ec.x, y: ec.y })
  })

  it('is the example of RFC 7515', () => {
    const { publicPart } = adopted({
      kty: 'EC',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
    })
    assert.equal(publicPart.kty, 'EC')
  })

  it('is refused without any one of its members, and with one that is no number', () => {
    const ec = ecWords('P-256')
    for (const [words, names] of [
      [rsa, rsaMembers],
      [ec, ['crv', 'x', 'y', 'd']],
      [{ kty: 'oct', k: 'AAAAAAAAAAAAAAAAAAAAAA' }, ['k']],
    ] as const) {
      for (const name of names) {
        const { [name]: _, ...without } = words as Words
        assert.equal(refusal(without).where, name)
        for (const bad of ['', ' ', 'a b', '+/+/', 'ü', 'A'.repeat(5000), `${'A'.repeat(40)}\n`, '====']) {
          assert.equal(refusal({ ...words, [name]: bad }).where, name)
        }
      }
    }
    const foreign = { ...rsa, p: 7, q: null } as unknown as Words
    assert.throws(() => adopted(foreign), { code: 'invalid' })
  })

  it('is refused when it is of a kind, size or curve that isn’t kept', () => {
    assert.equal(refusal({ ...rsa, kty: 'OKP' }).where, 'kty')
    for (const bits of [1024, 2056]) assert.equal(refusal(rsaWords(bits)).where, 'key_size')
    assert.equal(refusal({ ...ecWords('P-256'), crv: 'P-224' }).where, 'crv')
    assert.equal(refusal({ ...ecWords('P-256'), crv: 'toString' }).where, 'crv')
    assert.equal(refusal({ kty: 'oct', k: Buffer.alloc(17).toString('base64url') }).where, 'key_size')
    assert.equal(adopted({ kty: 'oct', k: Buffer.alloc(24).toString('base64url') }).secret.length, 24)
  })

  it('is refused when its exponent is even, one, or so long that verifying were slow', () => {
    for (const e of [0n, 1n, 2n, 65_536n, 2n ** 64n + 13n, member('n') - 2n]) {
      assert.equal(refusal({ ...rsa, e: textOf(e) }).where, 'e')
    }
  })

  it('is refused when the parts of an RSA key don’t belong together', () => {
    const other = rsaWords(2048)
    const swapped = { p: rsa.q, q: rsa.p } as Words
    const wrong: readonly Words[] = [
      ...rsaMembers.filter((name) => name !== 'e').map((name) => ({ [name]: other[name] as string })),
      ...rsaMembers.filter((name) => name !== 'e' && name !== 'n').map((name) => ({ [name]: 'AQ' })),
      ...rsaMembers.filter((name) => name !== 'e' && name !== 'n').map((name) => ({ [name]: 'AA' })),
      ...rsaMembers
        .filter((name) => name !== 'e' && name !== 'n')
        .map((name) => ({ [name]: textOf(member(name) + 2n) })),
      { e: 'Aw' },
      swapped,
      { p: textOf(1n), q: rsa.n as string },
      { qi: textOf(member('qi') + member('p')) },
      { dp: textOf(member('dp') + member('p') - 1n) },
    ]
    for (const change of wrong)
      assert.match(refusal({ ...rsa, ...change }).message, /don't belong together/, Object.keys(change).join())
  })

  it('is refused when what should be a prime is none, however well everything else fits', () => {
    // p is a product of two; all else is computed from it as it should be.
    const composite = () => keyFrom(numberOf(rsaWords(1024).n as string), member('q'))
    let words = composite()
    while (words === undefined) words = composite()
    assert.match(refusal(words).message, /no such key/)
  })

  it('is refused when one of its primes is much shorter than the other', () => {
    const prime = (bits: number) => generatePrimeSync(bits, { bigint: true })
    const uneven = () => keyFrom(prime(800), prime(1248))
    let words = uneven()
    while (words === undefined) words = uneven()
    assert.match(refusal(words).message, /no such key/)
  })

  it('is refused when a point of an EC key isn’t on the curve, or isn’t that of d', () => {
    for (const curve of curves) {
      const ec = ecWords(curve)
      const other = ecWords(curve)
      const wrong: readonly Words[] = [
        { d: other.d as string },
        { x: other.x as string, y: other.y as string },
        { y: other.y as string },
        { x: 'AQ', y: 'AQ' },
        { d: 'AA' },
        { d: Buffer.alloc(curve === 'P-521' ? 66 : curve === 'P-384' ? 48 : 32, 0xff).toString('base64url') },
        { d: Buffer.alloc(80, 1).toString('base64url') },
        { x: Buffer.alloc(80, 1).toString('base64url') },
      ]
      for (const change of wrong) {
        assert.match(refusal({ ...ec, ...change }).message, /don't belong together/, `${curve}: ${inspect(change)}`)
      }
    }
    assert.match(refusal({ ...ecWords('P-256'), crv: 'P-256K' }).message, /don't belong together/)
  })
})
