import { createPrivateKey } from 'node:crypto'
import type { AsymmetricShape, KeyShape } from '../key.ts'
import type { Template } from './layout.ts'
import { curveParameters } from './mechanisms.ts'
import { CKA, CKK, CKO } from './numbers.ts'

/** What a module is told of keys that it makes, takes in or unwraps. */

const publicExponent = Buffer.of(1, 0, 1)

/** What a held key is for. One symmetric key is several to a module, which wants a type for each use. */
export type Use = 'pair' | 'cipher' | 'wrap' | 'hmac'

const uses: Readonly<Record<Exclude<Use, 'pair'>, Template>> = {
  cipher: [
    [CKA.KEY_TYPE, CKK.AES],
    [CKA.ENCRYPT, true],
    [CKA.DECRYPT, true],
  ],
  wrap: [
    [CKA.KEY_TYPE, CKK.AES],
    [CKA.WRAP, true],
    [CKA.UNWRAP, true],
  ],
  hmac: [
    [CKA.KEY_TYPE, CKK.GENERIC_SECRET],
    [CKA.SIGN, true],
    [CKA.VERIFY, true],
  ],
}

/** The kind of a key and what it may be used for, if it is held for `use`. */
export function kindOf(shape: KeyShape, use: Use): Template {
  if (use !== 'pair') return [[CKA.CLASS, CKO.SECRET_KEY], ...uses[use]]
  return [
    [CKA.CLASS, CKO.PRIVATE_KEY],
    [CKA.KEY_TYPE, shape.type === 'RSA' ? CKK.RSA : CKK.EC],
    [CKA.SIGN, true],
    ...(shape.type === 'RSA' ? ([[CKA.DECRYPT, true]] as const) : []),
  ]
}

/** An object of the session that shows nobody its value. */
export const secretInSession: Template = [
  [CKA.TOKEN, false],
  [CKA.PRIVATE, true],
  [CKA.SENSITIVE, true],
]

/** What a public key is to be, of a pair that is generated in a session. */
export function publicTemplate(shape: AsymmetricShape): Template {
  const common: Template = [
    [CKA.TOKEN, false],
    [CKA.VERIFY, true],
  ]
  return shape.type === 'RSA'
    ? [...common, [CKA.ENCRYPT, true], [CKA.MODULUS_BITS, shape.bits], [CKA.PUBLIC_EXPONENT, publicExponent]]
    : [...common, [CKA.EC_PARAMS, curveParameters[shape.curve]]]
}

/** What a private key consists of, from its PKCS#8; a symmetric one of its bytes. */
export function componentsOf(shape: KeyShape, plain: Uint8Array): Template {
  if (shape.type === 'oct') return [[CKA.VALUE, plain]]
  const key = createPrivateKey({ key: Buffer.from(plain), format: 'der', type: 'pkcs8' })
  const jwk = key.export({ format: 'jwk' })
  const part = (name: 'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi') => Buffer.from(jwk[name] ?? '', 'base64url')
  if (shape.type === 'EC') {
    return [
      [CKA.EC_PARAMS, curveParameters[shape.curve]],
      [CKA.VALUE, part('d')],
    ]
  }
  return [
    [CKA.MODULUS, part('n')],
    [CKA.PUBLIC_EXPONENT, part('e')],
    [CKA.PRIVATE_EXPONENT, part('d')],
    [CKA.PRIME_1, part('p')],
    [CKA.PRIME_2, part('q')],
    [CKA.EXPONENT_1, part('dp')],
    [CKA.EXPONENT_2, part('dq')],
    [CKA.COEFFICIENT, part('qi')],
  ]
}
