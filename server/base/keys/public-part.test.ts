import assert from 'node:assert/strict'
import {
  constants,
  createECDH,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  privateEncrypt,
  sign,
} from 'node:crypto'
import { describe, it } from 'node:test'
import { p256, p384, p521 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { algorithmsFor, coordinateBytes } from './algorithms.ts'
import { numberOf } from './jwk-numbers.ts'
import { type Curve, curves, type KeyShape, type PublicPart } from './key.ts'
import { curveNames } from './private-jwk.ts'
import { encryptedFor, isSignature } from './public-part.ts'
import { inverse } from './testing/inverse.ts'

const message = Buffer.from('A message that somebody else has signed.')
const hashOf = (algorithm: string): string => `sha${algorithm === 'ES256K' ? 256 : algorithm.slice(2)}`
const digestFor = (algorithm: string): Buffer => createHash(hashOf(algorithm)).update(message).digest()

type Known = { readonly shape: KeyShape; readonly publicPart: PublicPart }
type Pair = { readonly key: Known; readonly privateKey: KeyObject }

function rsaPair(bits: number, publicExponent = 65_537): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits, publicExponent })
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
  return { key: { shape: { type: 'RSA', bits }, publicPart: { kty: 'RSA', n, e } }, privateKey }
}
function ecPair(curve: Curve): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: curveNames[curve].openssl })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return { key: { shape: { type: 'EC', curve }, publicPart: { kty: 'EC', crv: curve, x, y } }, privateKey }
}

const signedByNode = (algorithm: string, key: KeyObject, saltLength = constants.RSA_PSS_SALTLEN_DIGEST): Buffer => {
  const padding = algorithm.startsWith('PS') ? constants.RSA_PKCS1_PSS_PADDING : constants.RSA_PKCS1_PADDING
  return sign(
    hashOf(algorithm),
    message,
    algorithm.startsWith('ES') ? { key, dsaEncoding: 'ieee-p1363' } : { key, padding, saltLength },
  )
}

const small = rsaPair(2048)
const pairs: readonly Pair[] = [small, rsaPair(3072), rsaPair(4096), ...curves.map(ecPair)]
const hashed = ({ shape }: Known): readonly string[] =>
  algorithmsFor(shape, 'verify').filter((name) => name !== 'RSNULL')

const orderOf = (curve: Curve): bigint =>
  ({ 'P-256': p256, 'P-256K': secp256k1, 'P-384': p384, 'P-521': p521 })[curve].Point.Fn.ORDER
const numberIn = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`)
const bytesOf = (number: bigint, bytes: number): Buffer =>
  Buffer.from(number.toString(16).padStart(2 * bytes, '0'), 'hex')

describe('a signature that somebody else made', () => {
  it('is verified by its digest, with every algorithm and every key', () => {
    for (const { key, privateKey } of pairs) {
      for (const algorithm of hashed(key)) {
        assert.ok(isSignature(key, algorithm, digestFor(algorithm), signedByNode(algorithm, privateKey)), algorithm)
      }
    }
  })

  it('is not that of another digest, another key or another algorithm, nor any other bytes', () => {
    for (const { key, privateKey } of pairs) {
      for (const algorithm of hashed(key)) {
        const digest = digestFor(algorithm)
        const signature = signedByNode(algorithm, privateKey)
        const last = signature.length - 1
        const changed = (at: number, bit = 1) => signature.map((byte, index) => (index === at ? byte ^ bit : byte))
        const wrong: readonly [string, Uint8Array][] = [
          ['first bit', changed(0, 0x80)],
          ['last bit', changed(last)],
          ['in the middle', changed(last >> 1)],
          ['shorter', signature.subarray(1)],
          ['longer', Buffer.concat([Buffer.of(0), signature])],
          ['nothing', Buffer.alloc(0)],
          ['zeros', Buffer.alloc(signature.length)],
          ['one', Buffer.concat([Buffer.alloc(last), Buffer.of(1)])],
          ['all bits', Buffer.alloc(signature.length, 0xff)],
          ['much', Buffer.alloc(100_000, 1)],
        ]
        for (const [what, bytes] of wrong)
          assert.equal(isSignature(key, algorithm, digest, bytes), false, `${algorithm}: ${what}`)
        assert.equal(isSignature(key, algorithm, createHash(hashOf(algorithm)).digest(), signature), false)
      }
    }
    const { key, privateKey } = small
    assert.equal(isSignature(rsaPair(2048).key, 'RS256', digestFor('RS256'), signedByNode('RS256', privateKey)), false)
    assert.equal(isSignature(key, 'PS256', digestFor('PS256'), signedByNode('RS256', privateKey)), false)
    assert.equal(isSignature(key, 'RS256', digestFor('RS256'), signedByNode('PS256', privateKey)), false)
    assert.equal(
      isSignature(ecPair('P-384').key, 'ES384', digestFor('ES384'), signedByNode('ES384', ecPair('P-384').privateKey)),
      false,
    )
  })

  it('holds with either of the two values that s may have', () => {
    for (const curve of curves) {
      const { key, privateKey } = ecPair(curve)
      const [algorithm = ''] = algorithmsFor(key.shape, 'verify')
      const signature = signedByNode(algorithm, privateKey)
      const half = signature.length / 2
      const s = BigInt(`0x${signature.toString('hex', half)}`)
      const other = bytesOf(orderOf(curve) - s, half)
      for (const second of [signature.subarray(half), other]) {
        const either = Buffer.concat([signature.subarray(0, half), second])
        assert.ok(isSignature(key, algorithm, digestFor(algorithm), either), algorithm)
      }
    }
  })

  it('has numbers from 1 up to the order of the curve, and no others that would come to the same', () => {
    for (const curve of curves) {
      const { key, privateKey } = ecPair(curve)
      const [algorithm = ''] = algorithmsFor(key.shape, 'verify')
      const signature = signedByNode(algorithm, privateKey)
      const half = signature.length / 2
      const n = orderOf(curve)
      const [r, s] = [signature.subarray(0, half), signature.subarray(half)].map((bytes) => numberIn(bytes)) as [
        bigint,
        bigint,
      ]
      const max = (1n << BigInt(8 * half)) - 1n
      const wrong = [
        [0n, 0n],
        [0n, s],
        [r, 0n],
        [n, s],
        [r, n],
        [n, n],
        [r + n, s],
        [r, s + n],
        [max, s],
        [r, max],
        [1n, 1n],
        [s, r],
      ] as const
      for (const [one, other] of wrong.filter((pair) => pair.every((number) => number <= max))) {
        const bytes = Buffer.concat([bytesOf(one, half), bytesOf(other, half)])
        assert.equal(isSignature(key, algorithm, digestFor(algorithm), bytes), false, `${curve} ${one} ${other}`)
      }
    }
  })

  it('holds where the two points that are added happen to be one, and not where they cancel out', () => {
    for (const curve of ['P-256', 'P-256K', 'P-384'] as const) {
      const { key, privateKey } = ecPair(curve)
      const [algorithm = ''] = algorithmsFor(key.shape, 'verify')
      const [n, bytes] = [orderOf(curve), coordinateBytes[curve]]
      const d = numberOf(privateKey.export({ format: 'jwk' }).d ?? '')
      const pair = createECDH(curveNames[curve].openssl)
      const point = pair.generateKeys()
      const k = numberIn(pair.getPrivateKey())
      const r = numberIn(point.subarray(1, 1 + bytes)) % n
      // u1 is h/s, and u2 is r/s: with h = rd, u1 G is u2 Q.
      const h = (r * d) % n
      const s = (2n * h * inverse(k, n)) % n
      const signature = Buffer.concat([bytesOf(r, bytes), bytesOf(s, bytes)])
      assert.equal(isSignature(key, algorithm, bytesOf(h, bytes), signature), true, curve)
      assert.equal(isSignature(key, algorithm, bytesOf(n - h, bytes), signature), false, curve)
    }
  })

  it('holds with RSA and PSS only if the salt is as long as the hash', () => {
    for (const salt of [0, 20, 31, 33, constants.RSA_PSS_SALTLEN_MAX_SIGN]) {
      assert.equal(
        isSignature(small.key, 'PS256', digestFor('PS256'), signedByNode('PS256', small.privateKey, salt)),
        false,
      )
    }
    assert.ok(isSignature(small.key, 'PS256', digestFor('PS256'), signedByNode('PS256', small.privateKey, 32)))
  })

  it('holds with RSNULL over bare bytes of any length that fits', () => {
    for (const content of [Buffer.alloc(0), Buffer.alloc(36, 7), Buffer.alloc(245, 9)]) {
      const signature = privateEncrypt({ key: small.privateKey, padding: constants.RSA_PKCS1_PADDING }, content)
      assert.ok(isSignature(small.key, 'RSNULL', content, signature))
      assert.equal(isSignature(small.key, 'RSNULL', Buffer.alloc(35, 7), signature), false)
    }
  })

  it('does not hold with a padding that only looks right from one end', () => {
    const digest = digestFor('RS256')
    const info = Buffer.concat([Buffer.from('3031300d060960864801650304020105000420', 'hex'), digest])
    const raw = (encoded: Buffer): Buffer =>
      privateEncrypt({ key: small.privateKey, padding: constants.RSA_NO_PADDING }, encoded)
    const full = Buffer.concat([Buffer.of(0, 1), Buffer.alloc(256 - 3 - info.length, 0xff), Buffer.of(0), info])
    assert.ok(isSignature(small.key, 'RS256', digest, raw(full)))
    // What follows the digest is the forger's to choose, if nobody looks (Bleichenbacher 2006).
    const early = Buffer.concat([Buffer.of(0, 1), Buffer.alloc(8, 0xff), Buffer.of(0), info])
    const gap = Buffer.from(full)
    gap[20] = 0xfe
    const second = Buffer.from(full)
    second[1] = 2
    for (const encoded of [Buffer.concat([early, Buffer.alloc(256 - early.length)]), gap, second]) {
      assert.equal(isSignature(small.key, 'RS256', digest, raw(encoded)), false)
    }
  })

  it('holds in the examples of the standards', () => {
    const hex = (text: string, bytes = text.length / 2): Buffer => Buffer.from(text.padStart(2 * bytes, '0'), 'hex')
    const sample = (hash: string): Buffer => createHash(hash).update('sample').digest()
    // RFC 7515, A.3.
    const input =
      'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ'
    const jose: Known = {
      shape: { type: 'EC', curve: 'P-256' },
      publicPart: {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      },
    }
    const joseSignature = 'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q'
    assert.ok(
      isSignature(jose, 'ES256', createHash('sha256').update(input).digest(), Buffer.from(joseSignature, 'base64url')),
    )
    // RFC 6979, A.2.5 and A.2.7, over "sample". The first has the larger of the two values that s may have.
    const rfc6979: Known = {
      shape: { type: 'EC', curve: 'P-256' },
      publicPart: {
        kty: 'EC',
        crv: 'P-256',
        x: hex('60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6').toString('base64url'),
        y: hex('7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299').toString('base64url'),
      },
    }
    const r256 = 'EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716'
    const s256 = 'F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8'
    assert.ok(isSignature(rfc6979, 'ES256', sample('sha256'), hex(r256 + s256)))
    const p521 = createECDH('secp521r1')
    p521.setPrivateKey(
      hex(
        'FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538',
        66,
      ),
    )
    const point = p521.getPublicKey()
    const longest: Known = {
      shape: { type: 'EC', curve: 'P-521' },
      publicPart: {
        kty: 'EC',
        crv: 'P-521',
        x: point.subarray(1, 67).toString('base64url'),
        y: point.subarray(67).toString('base64url'),
      },
    }
    const r521 =
      'C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E377FA'
    const s521 =
      '617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A'
    assert.ok(isSignature(longest, 'ES512', sample('sha512'), Buffer.concat([hex(r521, 66), hex(s521, 66)])))
  })

  it('is refused, and not just untrue, when the digest or the algorithm can’t be', () => {
    assert.throws(() => isSignature(small.key, 'RS256', Buffer.alloc(31), Buffer.alloc(256)), { code: 'invalid' })
    assert.throws(() => isSignature(small.key, 'ES256', Buffer.alloc(32), Buffer.alloc(256)), { code: 'invalid' })
    assert.throws(() => isSignature(small.key, 'RSA-OAEP', Buffer.alloc(32), Buffer.alloc(256)), { code: 'invalid' })
    const oct: Known = { shape: { type: 'oct', bits: 256 }, publicPart: { kty: 'oct' } }
    assert.throws(() => isSignature(oct, 'HS256', Buffer.alloc(32), Buffer.alloc(32)), { code: 'invalid' })
  })

  it('is never one of a point beside the curve', () => {
    const { key, privateKey } = ecPair('P-256')
    assert.ok(key.publicPart.kty === 'EC')
    const signature = signedByNode('ES256', privateKey)
    for (const y of ['AQ', key.publicPart.x, Buffer.alloc(33, 1).toString('base64url')]) {
      const beside: Known = { ...key, publicPart: { ...key.publicPart, y } }
      assert.equal(isSignature(beside, 'ES256', digestFor('ES256'), signature), false)
    }
  })
})

describe('what is encrypted for a key', () => {
  const paddings = {
    RSA1_5: { padding: constants.RSA_PKCS1_PADDING },
    'RSA-OAEP': { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
    'RSA-OAEP-256': { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
  }

  it('is decrypted by its holder, from the shortest to the longest', () => {
    for (const [algorithm, padding] of Object.entries(paddings)) {
      const max = { RSA1_5: 245, 'RSA-OAEP': 214, 'RSA-OAEP-256': 190 }[algorithm] as number
      for (const bytes of [0, 1, 32, max]) {
        const plain = Buffer.alloc(bytes, 0xa5)
        const cipher = encryptedFor(small.key, algorithm, plain)
        assert.equal(cipher.length, 256)
        assert.deepEqual(privateDecrypt({ key: small.privateKey, ...padding }, cipher), plain)
      }
      assert.throws(() => encryptedFor(small.key, algorithm, Buffer.alloc(max + 1)), { code: 'invalid' })
    }
  })

  it('is for an RSA key, with an algorithm that encrypts', () => {
    assert.throws(() => encryptedFor(small.key, 'RS256', Buffer.alloc(32)), { code: 'invalid' })
    assert.throws(() => encryptedFor(ecPair('P-256').key, 'RSA-OAEP', Buffer.alloc(32)), { code: 'invalid' })
    const oct: Known = { shape: { type: 'oct', bits: 256 }, publicPart: { kty: 'oct' } }
    assert.throws(() => encryptedFor(oct, 'A256GCM', Buffer.alloc(32)), { code: 'invalid' })
  })
})
